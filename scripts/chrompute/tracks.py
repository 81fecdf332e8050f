"""Genome-wide tracks of a sample or a cell type: cuts, coverage, dyads and occupancy, as bigWig."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chrompute.bigwig import write_bigwig
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.pileup import Positions, Runs, bin_means, pile_up, smooth

#: What can be drawn along the genome.
TRACKS = (
    *("cuts", "coverage", "nucleosome_free", "mono_nucleosome"),
    *("dyads", "smoothed_dyads", "occupancy"),
)
#: Scales and what they add to a track's name. No name is another one with a dot before it, so
#: that file names can be told apart whatever samples are called.
SCALES = {"raw": "", "cpm": ".cpm"}
TRACK_NAMES = tuple(f"{track}{suffix}" for track in TRACKS for suffix in SCALES.values())


@dataclass(frozen=True)
class Track:
    """What a track draws of each fragment, and how.

    Attributes
    ----------
    part
        "fragment": all its bases; "ends": its cuts, of all lengths; "dyad": the bases
        around its midpoint base `(start + end - 1) // 2`.
    min_length, max_length
        Fragments of min_length <= length < max_length are drawn, bp; None for no limit.
    footprint
        Bases drawn around a dyad, odd; those past the ends of the chromosome are left out.
    smoothing
        Standard deviation of the Gaussian that smooths dyads, bp; 0 for none.
    bin_size
        Bases in a bin; bins hold the mean over their bases.
    scale
        "raw": fragments; "cpm": per million fragments of the store, of all lengths.
    """

    part: str = "fragment"
    min_length: int = 0
    max_length: int | None = None
    footprint: int = 1
    smoothing: float = 0
    bin_size: int = 1
    scale: str = "raw"


def plan_track(name: str, tracks: Mapping[str, Any], nucleosomes: Mapping[str, Any]) -> Track:
    """Return what a track is by its name and the configuration.

    Parameters
    ----------
    name
        One of `TRACK_NAMES`, such as "coverage" or "coverage.cpm".
    tracks, nucleosomes
        The blocks of the configuration of these names.
    """
    base, _, suffix = name.partition(".")
    common: dict[str, Any] = {"bin_size": tracks["bin_size"], "scale": suffix or "raw"}
    nucleosome = {key: nucleosomes[key] for key in ("min_length", "max_length")}
    footprint = tracks["footprint"]
    drawn: dict[str, Any] = {
        "cuts": {"part": "ends"},
        "coverage": {},
        "nucleosome_free": {"max_length": tracks["nucleosome_free"]},
        "mono_nucleosome": dict(tracks["mono_nucleosome"]),
        "dyads": {"part": "dyad", **nucleosome},
        "smoothed_dyads": {"part": "dyad", "smoothing": tracks["smoothing"], **nucleosome},
        "occupancy": nucleosome
        if footprint is None
        else {"part": "dyad", "footprint": footprint, **nucleosome},
    }
    return Track(**drawn[base], **common)


def write_track(
    stores: Sequence[Fragments], track: Track, path: str | Path, chromosomes: Iterable[str]
) -> None:
    """Write one track of one sample, or of several samples pooled.

    Every base of `chromosomes` has a value, zeros included, so that means over regions are
    means over bases; chromosomes that were left out of the fragments have none.

    Parameters
    ----------
    stores
        The fragments of each sample.
    track
        What to draw.
    path
        The bigWig to write.
    chromosomes
        Chromosomes to write, a subset of those of the stores.

    Raises
    ------
    InputError
        When the samples were made against different genomes.
    """
    sizes = stores[0].sizes
    if any(store.sizes != sizes for store in stores):
        raise InputError("samples to pool were aligned to different genomes; align them to one")
    wanted = set(chromosomes)
    drawn = ((chrom, _draw(stores, track, chrom)) for chrom in sizes if chrom in wanted)
    write_bigwig(drawn, sizes, path)


def _draw(stores: Sequence[Fragments], track: Track, chrom: str) -> Iterator[Runs]:
    """Yield the runs of one chromosome, from its first base to its last."""
    factor = 1e6 / max(sum(map(len, stores)), 1)
    for runs in _pieces(stores, track, chrom):
        yield runs.scaled(factor) if track.scale == "cpm" else runs


def _pieces(stores: Sequence[Fragments], track: Track, chrom: str) -> Iterable[Runs]:
    starts, ends = _intervals(stores, track, chrom)
    size = stores[0].sizes[chrom]
    if track.smoothing:
        return smooth(np.sort(starts), size, track.smoothing, track.bin_size)
    runs = pile_up(starts, ends, size)
    return [runs if track.bin_size == 1 else bin_means(runs, track.bin_size)]


def _intervals(
    stores: Sequence[Fragments], track: Track, chrom: str
) -> tuple[Positions, Positions]:
    """Return starts and ends of what is drawn of each fragment on one chromosome."""
    if track.part == "ends":
        edges = [store.cut_edges(chrom) for store in stores]
        starts, ends = (np.concatenate(each) for each in zip(*edges, strict=True))
        bases = np.concatenate([starts, ends - 1])
        return bases, bases + 1
    found = [store.intervals(chrom) for store in stores]
    starts, ends = (np.concatenate(each) for each in zip(*found, strict=True))
    if track.min_length or track.max_length is not None:
        lengths = ends - starts
        kept = lengths >= track.min_length
        if track.max_length is not None:
            kept &= lengths < track.max_length
        starts, ends = starts[kept], ends[kept]
    if track.part == "dyad":
        dyads, flank = (starts + ends - 1) // 2, track.footprint // 2
        size = stores[0].sizes[chrom]
        return np.maximum(dyads - flank, 0), np.minimum(dyads + flank + 1, size)
    return starts, ends
