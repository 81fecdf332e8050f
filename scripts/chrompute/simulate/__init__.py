"""Simulated experiments in which the truth is known."""
