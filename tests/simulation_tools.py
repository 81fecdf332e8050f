"""Folders in which the workflow simulates, and what was planted in them, read with other tools."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam
import yaml

from helpers import ROOT

#: The states with a gap, and the arrays without one.
OPEN = ("insulator", "active_promoter", "poised_promoter", "strong_enhancer", "weak_enhancer")
CLOSED = ("transcribed", "repressed", "quiescent")
RESULTS = "results/tiny"

Positions = npt.NDArray[np.int64]


def lay_out(folder: Path) -> Path:
    """Copy the tiny configuration with its sheets and motifs into a folder."""
    for name in ("tiny/samples.tsv", "tiny/labels.tsv", "demo/motifs.meme"):
        target = folder / "config" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "config" / name, target)
    shutil.copy(ROOT / "config/tiny.yaml", folder / "config.yaml")
    return folder


def lay_out_small(folder: Path, samples: str, simulation: dict[str, Any]) -> Path:
    """Write a configuration of one cell type, two classes and a forest: few jobs a stage.

    Parameters
    ----------
    folder
        Where it goes.
    samples
        The sample sheet; `BAMS` stands for the folder of the simulated files.
    simulation
        What is other than in the block `simulation` of the tiny configuration.
    """
    lay_out(folder)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    (folder / "samples.tsv").write_text(samples.replace("BAMS", f"{RESULTS}/simulation"))
    lines = (folder / "config/tiny/labels.tsv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("sim_B")]
    (folder / "labels.tsv").write_text("".join(kept))
    config |= {"samples": "samples.tsv", "labels": "labels.tsv"}
    config["simulation"] |= {"factors": {"sim_A": ["GATA1", "FOS::JUN", "REST"]}, **simulation}
    config["tasks"]["state"]["classes"] = {
        "open": {"title": "open", "states": [*OPEN]},
        "closed": {"title": "closed", "states": [*CLOSED]},
    }
    forest = config["models"]["forest"] | {"forest": {"trees": 50}, "inputs": ["vplot"]}
    config["models"] = {"majority": config["models"]["majority"], "forest": forest}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def read_facts(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON file of the results."""
    content: dict[str, Any] = json.loads((folder / RESULTS / name).read_text())
    return content


def read_loci(folder: Path) -> pd.DataFrame:
    """Read the planted loci with their states."""
    return pd.read_csv(folder / RESULTS / "simulation/truth/loci.tsv", sep="\t")


def read_planted(folder: Path, cell_type: str) -> pd.DataFrame:
    """Read the planted nucleosomes, with the state of the locus of each."""
    path = folder / RESULTS / f"simulation/truth/{cell_type}.dyads.bed.gz"
    columns = {0: "chrom", 1: "dyad", 3: "locus", 6: "fuzziness", 8: "well"}
    table = pd.read_csv(path, sep="\t", header=None)[[*columns]].rename(columns=columns)
    return table.assign(state=read_loci(folder)[cell_type].to_numpy()[table["locus"]])


def fragments_of_bam(path: Path) -> dict[str, set[tuple[int, int]]]:
    """Return {chromosome: (start, end) of the fragments}, by mates' names and flags alone."""
    open_pairs: dict[str, pysam.AlignedSegment] = {}
    found: dict[str, set[tuple[int, int]]] = {}
    with pysam.AlignmentFile(path) as bam:
        for read in bam:
            if not read.is_proper_pair or read.is_duplicate or read.mapping_quality < 30:
                continue
            mate = open_pairs.pop(read.query_name, None)
            if mate is None:
                open_pairs[read.query_name] = read
                continue
            left, right = (mate, read) if read.is_reverse else (read, mate)
            ends = left.reference_start, right.reference_end
            found.setdefault(read.reference_name, set()).add(ends)
    return found


def cuts_around(
    fragments: dict[str, set[tuple[int, int]]], sites: pd.DataFrame, reach: int
) -> Positions:
    """Count the cuts of unshifted fragments around sites, (n_sites, 2 reach + 1), turned by strand.

    The cut lies on the middle one of the nine bases that Tn5 doubles.
    """
    cuts = {
        chrom: np.sort([place for start, end in own for place in (start + 4, end - 5)])
        for chrom, own in fragments.items()
    }
    counts = np.zeros((len(sites), 2 * reach + 1), dtype=np.int64)
    for row, site in enumerate(sites.itertuples()):
        own = cuts[site.chrom]
        first, last = np.searchsorted(own, [site.centre - reach, site.centre + reach + 1])
        offsets = own[first:last] - site.centre
        np.add.at(counts[row], (-offsets if site.strand == "-" else offsets) + reach, 1)
    return counts
