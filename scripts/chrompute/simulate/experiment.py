"""Writing a simulated experiment: genome, genes and truth, labels, alignments, marks.

Each function draws what it needs from the design alone, so the jobs of a run need no file of
one another.
"""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pysam

from chrompute.genome import BASES
from chrompute.manifest import write_json
from chrompute.simulate.assays import Intervals, atac_fragments, join_genome, mnase_fragments
from chrompute.simulate.chromatin import draw_chromatin, planted_dyads
from chrompute.simulate.design import ARCHITECTURES, CONSTANT_FACTORS, Design
from chrompute.simulate.genome import draw_genome, draw_loci
from chrompute.simulate.grammar import KINDS, SPACING_RULES
from chrompute.simulate.labels import confusion_of_labels, draw_labels, state_frequency
from chrompute.simulate.marks import (
    MARKS,
    PeakRules,
    draw_chip_reads,
    draw_marks,
    draw_peaks,
    write_peaks,
)
from chrompute.simulate.products import WRITTEN_SHIFTS
from chrompute.simulate.reads import ReadRules, write_paired, write_single
from chrompute.whole_files import write_frame, write_text, written_whole

_LINE = 60


def write_genome(design: Design, fasta: str | Path) -> pd.DataFrame:
    """Write the genome as FASTA with its index, and return the planted motifs."""
    genome, motifs = draw_genome(design, draw_loci(design))
    letters = np.frombuffer(BASES.encode(), dtype=np.uint8)
    with written_whole(fasta) as part, part.open("wb") as handle:
        for chrom, codes in genome.items():
            text = letters[codes].tobytes()
            lines = (text[at : at + _LINE] for at in range(0, len(text), _LINE))
            handle.write(b">" + chrom.encode() + b"\n" + b"\n".join(lines) + b"\n")
    pysam.faidx(str(fasta))
    return motifs


def write_genes(design: Design, path: str | Path) -> None:
    """Write the genes as GTF: from the TSS, the promoter's centre, to the end of the last body."""
    loci = draw_loci(design)
    lines = []
    for gene, own in loci[loci["gene"] >= 0].groupby("gene"):
        promoter = own[own["kind"] != "body"]
        if promoter.empty:  # cut off by the chromosome's end
            continue
        tss, strand = int(promoter["centre"].iloc[0]), promoter["strand"].iloc[0]
        # A promoter without a body has a short gene to the end of its locus.
        start, end = (
            (tss, int(own["end"].max())) if strand == "+" else (int(own["start"].min()), tss + 1)
        )
        name = f'gene_id "sim{gene}"; gene_name "sim{gene}"; promoter "{promoter["kind"].iloc[0]}";'
        fields = (own["chrom"].iloc[0], "simulated", "gene", start + 1, end, ".", strand, ".", name)
        lines.append("\t".join(map(str, fields)) + "\n")
    write_text(path, "".join(lines))


def write_loci(design: Design, path: str | Path) -> None:
    """Write all loci with their kinds and true states, tab-separated."""
    write_frame(draw_loci(design), path)


def write_motifs(motifs: pd.DataFrame, path: str | Path) -> None:
    """Write the planted motifs as BED6+2: factor as name, strand, role, and row of the locus."""
    table = motifs.assign(score=0)[
        ["chrom", "start", "end", "factor", "score", "strand", "role", "locus"]
    ]
    write_frame(table, path, header=False)


def write_rules(design: Design, path: str | Path) -> None:
    """Write what decides the truth: settings, grammars, factors, footprints, mistakes, marks."""
    frequency = state_frequency(draw_loci(design), design)
    content = {
        "simulated": True,
        "settings": asdict(design),
        "grammars": {name: kind.rule for name, kind in KINDS.items()},
        "spacing_rules": SPACING_RULES,
        "factors": {name: sorted(design.active(name)) for name in design.factors},
        "always_there": list(CONSTANT_FACTORS),
        "architectures": {name: asdict(plan) for name, plan in ARCHITECTURES.items()},
        "state_frequency": dict(zip(ARCHITECTURES, frequency.round(6).tolist(), strict=True)),
        "label_given_state": {
            state: dict(zip(ARCHITECTURES, row.round(6).tolist(), strict=True))
            for state, row in zip(
                ARCHITECTURES, confusion_of_labels(frequency, design.agreement), strict=True
            )
        },
        "mark_given_state": {
            name: dict(zip(ARCHITECTURES, mark.emission, strict=True))
            for name, mark in MARKS.items()
        },
    }
    write_json(content, path)


def write_labels(design: Design, cell_type: str, replicate: str, path: str | Path) -> None:
    """Write one replicate's segmentation of a cell type as BED4; "truth" has no mistakes."""
    loci = draw_loci(design)
    truth = replicate == "truth"
    names = loci[cell_type] if truth else draw_labels(loci, cell_type, replicate, design)
    table = loci[["chrom", "start", "end"]].assign(name=np.asarray(names))
    write_frame(table, path, header=False)


def write_dyads(design: Design, cell_type: str, path: str | Path) -> None:
    """Write the planted nucleosomes as BED6+3, gzipped.

    Columns: the dyad's base, its locus, 1000 x occupancy, strand (.), fuzziness in bp, occupancy,
    and whether it is well positioned (1 or 0).
    """
    dyads = planted_dyads(draw_chromatin(draw_loci(design), cell_type, design), design)
    table = pd.DataFrame(
        {
            "chrom": dyads["chrom"],
            "start": dyads["dyad"],
            "end": dyads["dyad"] + 1,
            "locus": dyads["locus"],
            "score": (1000 * dyads["occupancy"]).round().astype(int),
            "strand": ".",
            "fuzziness": dyads["fuzziness"],
            "occupancy": dyads["occupancy"],
            "well_positioned": dyads["well_positioned"].astype(int),
        }
    )
    text = table.to_csv(sep="\t", index=False, header=False)
    with written_whole(path) as part:
        part.write_bytes(gzip.compress(text.encode(), mtime=0))


def read_dyads(path: str | Path) -> pd.DataFrame:
    """Read the columns chrom, dyad, fuzziness, occupancy and well_positioned of `write_dyads`."""
    names = ["chrom", "dyad", "end", "locus", "score", "strand"]
    names += ["fuzziness", "occupancy", "well_positioned"]
    table = pd.read_csv(path, sep="\t", names=names)
    table["well_positioned"] = table["well_positioned"].astype(bool)
    return table[["chrom", "dyad", "fuzziness", "occupancy", "well_positioned"]]


def draw_sample(
    design: Design,
    genome: Mapping[str, npt.NDArray[np.uint8]],
    cell_type: str,
    assay: str,
    name: str,
) -> Intervals:
    """Draw the fragments of one sample, ends as they are written.

    Parameters
    ----------
    design
        The settings.
    genome
        `chrompute.simulate.genome.draw_genome`.
    cell_type, assay
        What is simulated.
    name
        The sample; samples of different names are different draws.

    Returns
    -------
    dict
        {chromosome: starts and ends, half-open}.
    """
    chromatin = draw_chromatin(draw_loci(design), cell_type, design)
    number = round(design.depth[assay] * sum(design.sizes.values()) / 1000)
    draw = {"ATAC": atac_fragments, "MNase": mnase_fragments}[assay]
    rng = design.rng(assay, cell_type, name)
    intervals = draw(chromatin, join_genome(genome, design), number, design, rng)
    start, end = WRITTEN_SHIFTS[design.written_shift] if assay == "ATAC" else (0, 0)
    return {chrom: (low + start, high + end) for chrom, (low, high) in intervals.items()}


def write_sample(
    design: Design, cell_type: str, assay: str, layout: str, path: str | Path
) -> dict[str, int]:
    """Simulate one sample and write its BAM and index; return how many reads of each sort.

    Of a single-end sample one end of each fragment is sequenced, the left and the right one
    equally often.
    """
    genome, _ = draw_genome(design, draw_loci(design))
    name = Path(path).stem
    fragments = draw_sample(design, genome, cell_type, assay, name)
    rules, rng = ReadRules(**design.reads), design.rng("reads", name)
    if layout == "paired":
        return write_paired(path, genome, fragments, rules, rng)
    reads = {}
    for chrom, (starts, ends) in fragments.items():
        reverse = rng.random(starts.size) < 0.5
        reads[chrom] = np.where(reverse, ends - 1, starts), reverse
    return write_single(path, genome, reads, rules, rng)


def write_marks(
    design: Design,
    cell_type: str,
    replicates: Sequence[str],
    peaks: Sequence[str | Path],
    bams: Sequence[str | Path],
) -> None:
    """Simulate the marks of one cell type; the domains are equal in all replicates.

    Parameters
    ----------
    design, cell_type, replicates
        What is simulated.
    peaks
        narrowPeak files to write: of the first replicate one a mark, in the order of `MARKS`,
        then of the next.
    bams
        BAMs to write, in the same order, but for an input behind the marks of each replicate.
    """
    loci = draw_loci(design)
    genome, _ = draw_genome(design, loci)
    own = loci.assign(state=loci[cell_type])
    domains = draw_marks(own, design.rng("marks", cell_type))
    kinds = [(replicate, mark) for replicate in replicates for mark in MARKS]
    for (replicate, mark), path in zip(kinds, peaks, strict=True):
        rng = design.rng("peaks", cell_type, mark, replicate)
        rules = PeakRules(**design.peaks)
        write_peaks(draw_peaks(domains, loci, mark, design.sizes, rules, rng), path)
    number = round(design.chip["depth"] * sum(design.sizes.values()) / 1000)
    kinds = [(replicate, mark) for replicate in replicates for mark in (*MARKS, "input")]
    for (replicate, mark), path in zip(kinds, bams, strict=True):
        rng = design.rng("chip", cell_type, mark, replicate)
        fold = None if mark == "input" else design.chip["enrichment"]
        marked = domains[domains["mark"] == mark]
        reads = draw_chip_reads(marked, design.sizes, number, fold, rng)
        write_single(path, genome, reads, ReadRules(**design.reads), rng)
