"""Chrompute: from ATAC-seq and MNase-seq alignments to V-plots, trained networks and a report."""

__version__ = "0.1.0"
