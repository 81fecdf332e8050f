"""Simulated experiments in which the truth is known: genome, chromatin, assays, labels, marks."""
