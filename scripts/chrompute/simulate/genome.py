"""The simulated genome: loci of all kinds, their states in each cell type, and the sequence."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.motifs import UNITS, read_motif
from chrompute.simulate.design import Design
from chrompute.simulate.grammar import KINDS, Planted

#: Width of a locus in bp, smallest and largest; windows of 2,001 bp at their centres are disjoint.
LOCUS = (2100, 2700)
#: bp, standard deviation: how far an element lies from the middle of its locus.
OFFSET = 60
#: bp over which the share of G and C wanders, and standard deviation of it.
_ISOCHORE, _GC_SPREAD = 20_000, 0.04
#: Share of CpG outside islands that became TpG or CpA, as methylation makes them, and the share of
#: G and C from which on a base is in an island.
_DECAY, _ISLAND = 0.75, 0.55
#: Columns of the loci beside the cell types'.
LOCUS_COLUMNS = ("chrom", "start", "end", "centre", "strand", "kind", "gene")
_MOTIF_COLUMNS = ["chrom", "start", "end", "factor", "strand", "locus", "role"]

Sequence8 = npt.NDArray[np.uint8]


def draw_loci(design: Design) -> pd.DataFrame:
    """Cut the genome into loci and decide what each one is.

    Returns
    -------
    DataFrame
        One row a locus, in genome order: `chrom`, `start`, `end` (half-open, bp; loci touch),
        `centre` (0-based), `strand` ("+" or "-"), `kind`, `gene` (number of its gene, -1 for
        none), and a column for each cell type with the state.
    """
    rng = design.rng("loci")
    parts = []
    gene = 0
    for chrom, size in design.sizes.items():
        edges = _edges(rng, size)
        plan, gene = _plan(rng, design, len(edges) - 1, gene)
        part = pd.DataFrame(plan, columns=["kind", "strand", "gene"])
        part.insert(0, "chrom", chrom)
        part.insert(1, "start", edges[:-1])
        part.insert(2, "end", edges[1:])
        offset = np.clip(np.rint(rng.normal(0, OFFSET, len(part))), -3 * OFFSET, 3 * OFFSET)
        middle = (part["start"] + part["end"] - 1) // 2
        part.insert(3, "centre", middle + offset.astype(np.int64))
        parts.append(part)
    loci = pd.concat(parts, ignore_index=True)
    for cell_type in design.factors:
        loci[cell_type] = _states(loci, design, cell_type)
    return loci


def _edges(rng: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
    """Cut a chromosome into loci; the last one takes what is left."""
    widths = rng.integers(LOCUS[0], LOCUS[1] + 1, size // LOCUS[0] + 1)
    edges = np.concatenate([[0], np.cumsum(widths)])
    edges = edges[edges <= size - LOCUS[0]]
    return np.append(edges, size).astype(np.int64)


def _plan(
    rng: np.random.Generator, design: Design, number: int, gene: int
) -> tuple[list[tuple[str, str, int]], int]:
    """Return (kind, strand, gene) of each locus of a chromosome, genes as neighbours."""
    names = list(design.composition)
    weights = np.array([design.composition[name] for name in names])
    bodies = np.array([design.genes if KINDS[name].gene else 0.0 for name in names])
    share = weights / (weights * (1 + bodies)).sum()
    blocks = np.repeat(np.arange(len(names)), np.ceil(share * number).astype(int))
    rng.shuffle(blocks)
    plan: list[tuple[str, str, int]] = []
    for index in blocks:
        name = names[index]
        strand = "-" if rng.random() < 0.5 else "+"
        if not KINDS[name].gene:
            plan.append((name, strand, -1))
            continue
        length = int(rng.poisson(design.genes))
        block = [(name, strand, gene)] + [("body", strand, gene)] * length
        plan += block if strand == "+" else block[::-1]
        gene += 1
    # What the rounding left over, or the genes' lengths took.
    plan += [("desert", "+", -1)] * max(number - len(plan), 0)
    return plan[:number], gene


def _states(loci: pd.DataFrame, design: Design, cell_type: str) -> list[str]:
    """Return the state of each locus in one cell type."""
    active = design.active(cell_type)
    implied = loci["kind"].map({name: kind.state(active) for name, kind in KINDS.items()})
    # Equal for all cell types: a site that does not work in one works in none.
    silent = design.rng("penetrance").random(len(loci)) >= design.penetrance
    implied[silent] = "quiescent"
    promoters = loci["kind"].str.startswith("promoter")
    on = set(loci["gene"][promoters & (implied == "active_promoter")])
    bodies = (loci["kind"] == "body") & loci["gene"].isin(on)
    implied[bodies & ~silent] = "transcribed"
    return implied.tolist()


def locus_centres(loci: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the middle base of each locus, where its window is centred."""
    return ((loci["start"] + loci["end"] - 1) // 2).to_numpy(np.int64)


def draw_genome(design: Design, loci: pd.DataFrame) -> tuple[dict[str, Sequence8], pd.DataFrame]:
    """Draw the sequence and plant the motifs.

    Returns
    -------
    genome
        {chromosome: uint8 codes, as `chrompute.genome.encode`}.
    motifs
        One row a planted motif, sorted by place: `chrom`, `start`, `end` (half-open), `factor`,
        `strand`, `locus` (row of `loci`), `role`.
    """
    genome, planted = {}, []
    matrices: dict[str, npt.NDArray[np.float64]] = {}
    for chrom, size in design.sizes.items():
        rng = design.rng("sequence", chrom)
        own = loci[loci["chrom"] == chrom]
        codes = _background(rng, _gc_profile(rng, design, own, size))
        for row in own.itertuples():
            taken: list[tuple[int, int]] = []
            for motif in KINDS[str(row.kind)].plant(rng):
                if motif.factor not in matrices:
                    matrices[motif.factor] = _matrix(design.motifs, motif.factor)
                planted.append(_plant(rng, codes, matrices[motif.factor], motif, row, taken))
        genome[chrom] = codes
    table = pd.DataFrame(planted, columns=_MOTIF_COLUMNS)
    return genome, table.sort_values(["locus", "start"], kind="stable", ignore_index=True)


def _gc_profile(
    rng: np.random.Generator, design: Design, loci: pd.DataFrame, size: int
) -> npt.NDArray[np.float32]:
    """Return the share of G and C at each base: a slow wander, and bumps at some loci."""
    step = 1000
    number = size // step + 2
    keep = np.exp(-step / _ISOCHORE)
    noise = rng.normal(0, _GC_SPREAD, number)
    wander = np.empty(number)
    level = noise[0]
    for index in range(number):
        level = keep * level + np.sqrt(1 - keep**2) * noise[index]
        wander[index] = level
    profile = design.gc + np.interp(np.arange(size), np.arange(number) * step, wander)
    for row in loci.itertuples():
        height, width = KINDS[str(row.kind)].bump
        if height:
            low, high = max(row.centre - 2 * width, 0), min(row.centre + 2 * width, size)
            distance = (np.arange(low, high) - row.centre) / width
            profile[low:high] += height * np.exp(-2 * distance**2)
    return np.clip(profile, 0.2, 0.8).astype(np.float32)


def _background(rng: np.random.Generator, gc: npt.NDArray[np.float32]) -> Sequence8:
    """Draw bases so that G and C have the wanted share once CpG has decayed where that is low."""
    # Of a share g a CpG's decay takes _DECAY * (g / 2)^2.
    before = 2 / _DECAY * (1 - np.sqrt(1 - _DECAY * gc))
    strong = rng.random(gc.size, dtype=np.float32) < np.where(gc < _ISLAND, before, gc)
    second = rng.random(gc.size, dtype=np.float32) < 0.5
    codes = np.where(strong, 1 + second, 3 * second).astype(np.uint8)  # A0 C1 G2 T3
    pairs = np.flatnonzero((codes[:-1] == 1) & (codes[1:] == 2) & (gc[:-1] < _ISLAND))
    pairs = pairs[rng.random(pairs.size) < _DECAY]
    half = rng.random(pairs.size) < 0.5
    codes[pairs[half]] = 3
    codes[pairs[~half] + 1] = 0
    return codes


def _matrix(path: str, factor: str) -> npt.NDArray[np.float64]:
    """Return the base probabilities of a motif, (length, 4)."""
    motif = read_motif(path, factor)
    rows = np.exp2(motif.scores / UNITS) * np.array(motif.background)
    return rows / rows.sum(axis=1, keepdims=True)


def _plant(
    rng: np.random.Generator,
    codes: Sequence8,
    matrix: npt.NDArray[np.float64],
    motif: Planted,
    locus: Any,
    taken: list[tuple[int, int]],
) -> tuple[str, int, int, str, str, int, str]:
    """Write one instance into the sequence and return its row of the table.

    Where it would overwrite one of `taken`, the instances of the locus so far, it moves on.
    """
    drawn = (rng.random(len(matrix))[:, None] > matrix.cumsum(axis=1)).sum(axis=1)
    word = np.minimum(drawn, 3).astype(np.uint8)
    turned = (locus.strand == "-") != motif.reverse
    middle = locus.centre + (-motif.offset if locus.strand == "-" else motif.offset)
    start = int(np.clip(middle - len(word) // 2, 0, codes.size - len(word)))
    while any(start < end and low < start + len(word) for low, end in taken):
        start += 1
    taken.append((start, start + len(word)))
    codes[start : start + len(word)] = 3 - word[::-1] if turned else word
    strand = "-" if turned else "+"
    return locus.chrom, start, start + len(word), motif.factor, strand, locus.Index, motif.role
