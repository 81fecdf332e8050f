"""What the configuration may say wrongly of the genome, told before anything runs."""

from collections.abc import Mapping
from typing import Any


def genome_faults(config: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the block `genome`, and what asks for sequence that is not there.

    Parameters
    ----------
    config
        The configuration, defaults filled in.
    """
    genome = config["genome"]
    fasta, sizes = genome["fasta"], genome["sizes"]
    if (fasta is None) == (sizes is None):
        what = "neither 'fasta' nor 'sizes'" if fasta is None else "both 'fasta' and 'sizes'"
        return [
            f"configuration: genome: there is {what}; give the FASTA, or in its place a table of "
            "chromosomes and their bp as 'sizes'"
        ]
    if fasta is not None:
        return []
    faults = ["genome/sha256 is the digest of a FASTA, and there is none; remove it"]
    faults = faults if genome["sha256"] else []
    remedy = "needs sequence, and there is no genome/fasta; give one, or remove"
    faults += [
        f"models/{name}: the input 'sequence' {remedy} that input"
        for name, entry in config["models"].items()
        if "sequence" in entry["inputs"]
    ]
    faults += [
        f"sites/{name}: finding a motif {remedy} the site set"
        for name, entry in config["sites"].items()
        if "motif" in entry
    ]
    return [f"configuration: {fault}" for fault in faults]
