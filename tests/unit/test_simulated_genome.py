"""The simulated genome: loci, states, sequence and planted motifs, against the rules restated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from chrompute.genome import BASES, encode
from chrompute.motifs import UNITS, read_motif
from chrompute.simulate.chromatin import draw_chromatin, planted_dyads
from chrompute.simulate.design import CONSTANT_FACTORS, STATES, SWITCHED_FACTORS, Design
from chrompute.simulate.experiment import (
    read_dyads,
    write_dyads,
    write_genes,
    write_genome,
    write_labels,
    write_loci,
    write_marks,
    write_motifs,
    write_rules,
    write_sample,
)
from chrompute.simulate.genome import draw_genome, draw_loci, locus_centres
from chrompute.simulate.grammar import KINDS
from chrompute.simulate.marks import MARKS
from helpers import ROOT

MOTIFS = str(ROOT / "config/demo/motifs.meme")
#: Loci cost little: enough of them for frequencies.
WIDE = Design(seed=3, motifs=MOTIFS)
SMALL = Design(seed=3, chromosomes=3, chromosome_length=300_000, motifs=MOTIFS)
LOCI = draw_loci(WIDE)
SMALL_LOCI = draw_loci(SMALL)
GENOME, PLANTED = draw_genome(SMALL, SMALL_LOCI)
PROMOTERS = ("promoter_constant", "promoter_gata", "promoter_yy1")
#: States that each kind brings about in the cell types A, B and C of the default design: A has
#: GATA1, FOS::JUN and REST, B has SPI1, CEBPA, FOS::JUN and YY1, C has GATA1 and SPI1.
EXPECTED = {
    "insulator": ("insulator", "insulator", "insulator"),
    "promoter_constant": ("active_promoter", "active_promoter", "active_promoter"),
    "promoter_gata": ("active_promoter", "poised_promoter", "active_promoter"),
    "promoter_yy1": ("poised_promoter", "active_promoter", "poised_promoter"),
    "enhancer_cluster": ("strong_enhancer", "quiescent", "strong_enhancer"),
    "enhancer_pair": ("quiescent", "strong_enhancer", "weak_enhancer"),
    "enhancer_single": ("weak_enhancer", "weak_enhancer", "quiescent"),
    "silencer": ("repressed", "quiescent", "quiescent"),
    "heterochromatin": ("repressed", "repressed", "repressed"),
    "decoy": ("quiescent", "quiescent", "quiescent"),
    "desert": ("quiescent", "quiescent", "quiescent"),
}
CELL_TYPES = ("sim_A", "sim_B", "sim_C")


def downstream(motifs: pd.DataFrame, loci: pd.DataFrame = SMALL_LOCI) -> pd.DataFrame:
    """Add what the grammar speaks of: place and strand as seen from the locus."""
    own = loci.loc[motifs["locus"]].reset_index(drop=True)
    middle = motifs["start"] + (motifs["end"] - motifs["start"]) // 2
    sign = own["strand"].map({"+": 1, "-": -1})
    return motifs.assign(
        kind=own["kind"],
        middle=middle,
        offset=sign * (middle - own["centre"]),
        same=motifs["strand"] == own["strand"],
    )


def test_loci_tile_the_chromosomes_and_their_windows_are_disjoint() -> None:
    centres = locus_centres(LOCI)
    assert list(LOCI["chrom"].unique()) == list(WIDE.sizes)
    for chrom, own in LOCI.groupby("chrom"):
        start, end = own["start"].to_numpy(), own["end"].to_numpy()
        assert (start[0], end[-1]) == (0, WIDE.sizes[str(chrom)])
        assert (start[1:] == end[:-1]).all()
        width = end - start
        assert width.min() >= 2100
        assert width[:-1].max() <= 2700
        assert width[-1] < 2100 + 2700
        middle = centres[own.index]
        assert (middle - 1000 >= start).all()
        assert (middle + 1001 <= end).all()
        assert (np.diff(middle) >= 2001).all()
    aside = LOCI["centre"] - centres
    assert aside.abs().max() <= 180
    assert aside.std() == pytest.approx(60, rel=0.05)


def test_kinds_have_the_shares_of_the_composition() -> None:
    gene = {name: 1 + WIDE.genes if name in PROMOTERS else 1.0 for name in WIDE.composition}
    total = sum(weight * gene[name] for name, weight in WIDE.composition.items())
    counts = LOCI["kind"].value_counts()
    for name, weight in WIDE.composition.items():
        expected = len(LOCI) * weight / total
        assert abs(counts[name] - expected) < 4 * np.sqrt(expected)
    bodies = len(LOCI) * WIDE.genes * sum(WIDE.composition[name] for name in PROMOTERS) / total
    assert abs(counts["body"] - bodies) < 4 * np.sqrt(bodies)
    only = draw_loci(replace(WIDE, composition={"decoy": 1.0, "insulator": 0.0}))
    assert (only["kind"] == "decoy").mean() > 0.99


def test_bodies_lie_behind_their_promoter() -> None:
    ends = LOCI.groupby("chrom")["end"].transform("max") == LOCI["end"]
    with_bodies = 0
    for _, own in LOCI[LOCI["gene"] >= 0].groupby("gene"):
        assert (np.diff(own.index) == 1).all()
        assert own["strand"].nunique() == own["chrom"].nunique() == 1
        kinds = own["kind"].tolist()
        if own["strand"].iloc[0] == "-":
            kinds = kinds[::-1]
        if ends[own.index].any():
            continue  # cut off there
        assert kinds[0] in PROMOTERS
        assert set(kinds[1:]) <= {"body"}
        with_bodies += len(kinds) > 1
    assert with_bodies > 200
    assert (LOCI["gene"] >= 0).eq(LOCI["kind"].isin([*PROMOTERS, "body"])).all()


def test_states_follow_kinds_and_factors_up_to_penetrance() -> None:
    assert tuple(WIDE.factors) == CELL_TYPES
    wanted = pd.DataFrame(EXPECTED, index=list(CELL_TYPES)).T.reindex(LOCI["kind"])
    states = LOCI[list(CELL_TYPES)]
    promoter = LOCI[LOCI["kind"].isin(PROMOTERS)].set_index("gene")
    off = np.zeros(len(LOCI), dtype=bool)
    could_be_off = np.zeros(len(LOCI), dtype=bool)
    body = (LOCI["kind"] == "body").to_numpy()
    for cell_type in CELL_TYPES:
        expected = wanted[cell_type].to_numpy().copy()
        own = promoter[cell_type].reindex(LOCI["gene"]).to_numpy()
        expected[body] = np.where(own[body] == "active_promoter", "transcribed", "quiescent")
        differs = (states[cell_type] != expected).to_numpy()
        assert set(states[cell_type][differs]) <= {"quiescent"}
        off |= differs
        could_be_off |= expected != "quiescent"
    for cell_type in CELL_TYPES:  # a site that does not work in one works in none
        assert (states[cell_type][off] == "quiescent").all()
    trials = int(could_be_off.sum())
    rate = 1 - WIDE.penetrance
    assert abs(off.sum() - trials * rate) < 4 * np.sqrt(trials * rate * (1 - rate))
    always = draw_loci(replace(WIDE, penetrance=1.0))
    for kind, expected_states in EXPECTED.items():
        mine = always[always["kind"] == kind]
        assert {tuple(row) for row in mine[list(CELL_TYPES)].to_numpy()} == {expected_states}


def test_every_kind_names_its_factors_and_known_states() -> None:
    rng = np.random.default_rng(0)
    everything = {*CONSTANT_FACTORS, *SWITCHED_FACTORS}
    for name, kind in KINDS.items():
        factors = {motif.factor for _ in range(20) for motif in kind.plant(rng)}
        assert factors <= everything
        assert {kind.state(everything), kind.state(set())} <= set(STATES)
        assert all(factor in kind.rule or factor == "TBP" for factor in factors), name


def test_gc_is_the_one_asked_for_and_islands_stand_out() -> None:
    shares, ratios = [], []
    near = {name: [] for name in (*PROMOTERS, "heterochromatin", "desert")}
    for seed, gc in ((1, 0.41), (2, 0.41), (3, 0.36), (4, 0.46)):
        design = replace(SMALL, seed=seed, gc=gc)
        loci = draw_loci(design)
        genome, _ = draw_genome(design, loci)
        for row in loci.itertuples():
            if row.kind in near:
                part = genome[row.chrom][row.centre - 200 : row.centre + 201]
                near[row.kind].append(np.isin(part, (1, 2)).mean() - gc)
            if row.kind == "desert":
                part = genome[row.chrom][row.start : row.end]
                shares.append(np.isin(part, (1, 2)).mean() - gc)
                ratios.append(cpg_ratio(part))
    # The wander of isochores alone moves the mean of these 3.6 Mb by about 0.005.
    assert abs(np.mean(shares)) < 0.015
    means = {name: float(np.mean(values)) for name, values in near.items()}
    assert means["promoter_constant"] > 0.15
    assert means["promoter_yy1"] > 0.15
    assert abs(means["promoter_gata"]) < 0.03
    assert -0.09 < means["heterochromatin"] < -0.03
    # A quarter of the CpG is left, of more than what G and C that are left would make.
    assert 0.25 < np.mean(ratios) < 0.36


def test_islands_keep_their_cpg() -> None:
    islands = SMALL_LOCI[SMALL_LOCI["kind"].isin(["promoter_constant", "promoter_yy1"])]
    ratios = [
        cpg_ratio(GENOME[row.chrom][row.centre - 100 : row.centre + 101])
        for row in islands.itertuples()
    ]
    assert np.mean(ratios) > 0.7


def cpg_ratio(codes: np.ndarray) -> float:
    """Observed over expected CpG (Gardiner-Garden and Frommer 1987)."""
    observed = ((codes[:-1] == 1) & (codes[1:] == 2)).sum()
    return float(observed * codes.size / max((codes == 1).sum() * (codes == 2).sum(), 1))


def test_planted_motifs_are_in_the_sequence_where_and_how_the_table_says() -> None:
    rng = np.random.default_rng(1)
    residuals = []
    for factor, own in PLANTED.groupby("factor"):
        motif = read_motif(MOTIFS, str(factor))
        assert set(own["end"] - own["start"]) == {len(motif)}
        forward, backward, elsewhere = [], [], []
        words = np.zeros((len(motif), 4))
        for row in own.itertuples():
            word = GENOME[row.chrom][row.start : row.end]
            word = word if row.strand == "+" else 3 - word[::-1]
            words[np.arange(len(motif)), word] += 1
            forward.append(score(motif.scores, word))
            backward.append(score(motif.scores, 3 - word[::-1]))
            start = rng.integers(0, SMALL.chromosome_length - len(motif))
            elsewhere.append(score(motif.scores, GENOME[row.chrom][start : start + len(motif)]))
        chances = np.exp2(motif.scores / UNITS) / 4
        # Mean score of words drawn from the matrix, and its error.
        bits = motif.scores / UNITS
        expected = (chances * bits).sum()
        variance = ((chances * bits**2).sum(axis=1) - (chances * bits).sum(axis=1) ** 2).sum()
        assert abs(np.mean(forward) - expected) < 4 * np.sqrt(variance / len(own)), factor
        assert np.mean(elsewhere) < 0 < expected
        assert np.mean(backward) < expected - 2, factor
        noise = chances * (1 - chances) * len(own)
        residuals.append(((words - chances * len(own)) ** 2 / np.maximum(noise, 1e-9))[noise > 0.5])
    # As many of each base at each place as binomial chance lets expect.
    assert len(residuals) == 10
    assert np.concatenate(residuals).mean() == pytest.approx(1, abs=0.3)


def score(scores: np.ndarray, word: np.ndarray) -> float:
    return float(scores[np.arange(len(word)), word].sum()) / UNITS


def test_no_motif_covers_another_one() -> None:
    ordered = PLANTED.sort_values(["chrom", "start"])
    same = (ordered["chrom"] == ordered["chrom"].shift(-1)).to_numpy()[:-1]
    gap = ordered["start"].to_numpy()[1:] - ordered["end"].to_numpy()[:-1]
    assert (gap[same] >= 0).all()
    inside = SMALL_LOCI.loc[PLANTED["locus"]]
    assert (PLANTED["chrom"].to_numpy() == inside["chrom"].to_numpy()).all()
    assert (PLANTED["start"].to_numpy() >= inside["start"].to_numpy()).all()
    assert (PLANTED["end"].to_numpy() <= inside["end"].to_numpy()).all()


def test_each_kind_holds_the_motifs_of_its_grammar() -> None:
    table = downstream(PLANTED)
    numbers = pd.crosstab(table["locus"], table["factor"]).reindex(SMALL_LOCI.index, fill_value=0)
    kinds = SMALL_LOCI["kind"]
    once = {
        "insulator": ["CTCF"],
        "promoter_gata": ["TBP", "GATA1"],
        "promoter_yy1": ["YY1"],
        "enhancer_pair": ["SPI1", "CEBPA"],
        "enhancer_single": ["FOS::JUN"],
        "silencer": ["REST"],
        "decoy": ["SPI1", "CEBPA"],
        "promoter_constant": ["NRF1"],
    }
    for kind, factors in once.items():
        assert (numbers.loc[kinds == kind, factors] == 1).all(axis=None)
    boxes = numbers.loc[kinds == "promoter_constant", "SP1"]
    assert boxes.min() >= 1
    cluster = numbers.loc[kinds == "enhancer_cluster", "GATA1"]
    assert cluster.min() >= 2
    assert abs(cluster.mean() - 4.5) < 4 * np.sqrt(2.5 / len(cluster))
    empty = kinds.isin(["heterochromatin", "desert", "body"])
    assert not numbers[empty].any(axis=None)
    assert not numbers.drop(columns="GATA1")[kinds == "enhancer_cluster"].any(axis=None)


def test_motifs_lie_around_the_centre_as_the_grammar_says() -> None:
    table = downstream(PLANTED)

    def offsets(kind: str, factor: str) -> pd.Series:
        return table[(table["kind"] == kind) & (table["factor"] == factor)]["offset"]

    for kind, factor, centre, spread in (
        ("insulator", "CTCF", 0, 3),
        ("promoter_constant", "NRF1", -45, 12),
        ("promoter_gata", "TBP", -30, 2),
        ("promoter_gata", "GATA1", -90, 25),
        ("promoter_yy1", "YY1", 10, 6),
        ("enhancer_pair", "SPI1", 0, 25),
        ("enhancer_single", "FOS::JUN", 0, 20),
        ("silencer", "REST", 0, 60),
    ):
        found = offsets(kind, factor)
        assert abs(found.mean() - centre) < 4 * spread / np.sqrt(len(found)) + 0.5, kind
        assert 0.6 < found.std() / spread < 1.5, kind
    assert offsets("enhancer_cluster", "GATA1").abs().max() <= 110 + 40  # moved aside
    assert offsets("enhancer_cluster", "GATA1").std() == pytest.approx(220 / np.sqrt(12), rel=0.15)
    stranded = table[table["factor"].isin(["CTCF", "TBP", "YY1"])]
    assert stranded["same"].all()
    turned = table[table["factor"] == "FOS::JUN"]["same"].mean()
    assert 0.2 < turned < 0.8


def test_pairs_keep_spacing_and_orientation_and_decoys_break_them() -> None:
    wide = replace(WIDE, chromosomes=1)
    loci = draw_loci(wide)
    table = downstream(draw_genome(wide, loci)[1], loci)
    one = table[table["factor"] == "SPI1"].set_index("locus")
    other = table[table["factor"] == "CEBPA"].set_index("locus").loc[one.index]
    along = one["strand"].map({"+": 1, "-": -1}) * (other["middle"] - one["middle"])
    parallel = one["strand"] == other["strand"]
    is_pair = one["kind"] == "enhancer_pair"
    assert set(along[is_pair]) == {13, 14, 15}
    assert parallel[is_pair].all()
    assert set(one["role"][is_pair]) == {"pair"}
    decoys = along[~is_pair].abs()
    assert set(one["role"][~is_pair]) == {"decoy"}
    assert len(decoys) > 30
    assert decoys.between(22, 59).all()
    assert 0.2 < (along[~is_pair] > 0).mean() < 0.8
    assert 0.2 < parallel[~is_pair].mean() < 0.8


TINY = replace(
    SMALL, chromosomes=2, chromosome_length=60_000, chip={"depth": 5.0, "enrichment": 8.0}
)


def write_everything(design: Design, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    write_motifs(write_genome(design, folder / "genome.fa"), folder / "motifs.bed")
    write_genes(design, folder / "genes.gtf")
    write_loci(design, folder / "loci.tsv")
    write_rules(design, folder / "rules.json")
    write_dyads(design, "sim_A", folder / "dyads.bed.gz")
    for replicate in ("1", "2", "truth"):
        write_labels(design, "sim_A", replicate, folder / f"states.{replicate}.bed")
    write_sample(design, "sim_A", "ATAC", "paired", folder / "atac.bam")
    write_sample(design, "sim_A", "MNase", "paired", folder / "mnase.bam")
    write_sample(design, "sim_A", "MNase", "single", folder / "single.bam")
    peaks = [folder / f"{mark}.narrowPeak" for mark in MARKS]
    chips = [folder / f"{mark}.bam" for mark in (*MARKS, "input")]
    write_marks(design, "sim_A", ["1"], peaks, chips)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("simulated") / "a"
    return folder, write_everything(TINY, folder)


def test_equal_seeds_give_equal_bytes_and_others_other_ones(
    written: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    files = written[1]
    assert len(files) == 8 + 2 + 3 * 2 + 6 + 7 * 2
    assert write_everything(TINY, tmp_path / "b") == files
    other = write_everything(replace(TINY, seed=4), tmp_path / "c")
    assert set(other) == set(files)
    same = {name for name in files if files[name] == other[name]}
    assert same == {"genome.fa.fai"}  # names, lengths and offsets of the chromosomes


def test_replicates_differ(written: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    files = written[1]
    assert len({files[f"states.{name}.bed"] for name in ("1", "2", "truth")}) == 3
    write_sample(TINY, "sim_A", "ATAC", "paired", tmp_path / "atac_2.bam")
    ends = []
    for path in (written[0] / "atac.bam", tmp_path / "atac_2.bam"):
        with pysam.AlignmentFile(str(path)) as bam:
            ends.append({(r.reference_name, r.reference_start, r.tlen) for r in bam if r.tlen > 0})
    shared = len(ends[0] & ends[1]) / len(ends[0])
    assert shared < 0.1


def test_written_genome_is_the_drawn_one(written: tuple[Path, dict[str, bytes]]) -> None:
    genome, _ = draw_genome(TINY, draw_loci(TINY))
    with pysam.FastaFile(str(written[0] / "genome.fa")) as fasta:
        assert dict(zip(fasta.references, fasta.lengths, strict=True)) == TINY.sizes
        for chrom, codes in genome.items():
            text = fasta.fetch(chrom)
            assert set(text) <= set(BASES)
            assert (encode(text) == codes).all()


def test_written_tables_are_the_drawn_ones(written: tuple[Path, dict[str, bytes]]) -> None:
    folder, loci = written[0], draw_loci(TINY)
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "loci.tsv", sep="\t"), loci, check_dtype=False
    )
    truth = pd.read_csv(folder / "states.truth.bed", sep="\t", header=None)
    assert truth[3].tolist() == loci["sim_A"].tolist()
    assert truth[1].tolist() == loci["start"].tolist()
    dyads = planted_dyads(draw_chromatin(loci, "sim_A", TINY), TINY)
    read = read_dyads(folder / "dyads.bed.gz")
    pd.testing.assert_frame_equal(read, dyads[read.columns.tolist()], check_dtype=False)
    motifs = pd.read_csv(folder / "motifs.bed", sep="\t", header=None)
    planted = draw_genome(TINY, loci)[1]
    columns = ["chrom", "start", "end", "factor", "strand", "role", "locus"]
    assert motifs[[0, 1, 2, 3, 5, 6, 7]].to_numpy().tolist() == planted[columns].to_numpy().tolist()


def test_genes_start_at_their_promoters_centre(tmp_path: Path) -> None:
    write_genes(SMALL, tmp_path / "genes.gtf")
    lines = [line.split("\t") for line in (tmp_path / "genes.gtf").read_text().splitlines()]
    promoters = SMALL_LOCI[SMALL_LOCI["kind"].isin(PROMOTERS)]
    found = set()
    for chrom, source, feature, first, last, _, strand, _, rest in lines:
        assert (source, feature) == ("simulated", "gene")
        start, end = int(first) - 1, int(last)
        tss = start if strand == "+" else end - 1
        gene = int(rest.split('"')[1].removeprefix("sim"))
        found.add((gene, chrom, tss, strand))
        own = SMALL_LOCI[SMALL_LOCI["gene"] == gene]
        assert (end == own["end"].max()) if strand == "+" else (start == own["start"].min())
    columns = ["gene", "chrom", "centre", "strand"]
    assert found == set(promoters[columns].itertuples(index=False, name=None))
