"""Site sets from BED, GTF, GFF and motifs, against places worked out by hand or by loops."""

import gzip
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.annotations import scan_tss
from chrompute.configuration import load_settings
from chrompute.genome import encode
from chrompute.intervals import IntervalSet
from chrompute.motif_scan import find_matches, scan_sequence, without_overlaps
from chrompute.motifs import Motif, motif_threshold, read_motif
from chrompute.sites import read_sites, scan_sites
from helpers import ROOT

SIZES = {"chr1": 20_000, "chr2": 9_000}
GTF = """\
#!genome-build x
chr1\thavana\tgene\t101\t200\t.\t+\t.\tgene_id "a"; gene_type "protein_coding"; level 2;
chr1\thavana\ttranscript\t101\t180\t.\t+\t.\tgene_id "a"; transcript_id "a1"; tag "x"; tag "basic";
chr1\thavana\ttranscript\t101\t200\t.\t+\t.\tgene_id "a"; transcript_id "a2"; tag "x";
chr1\thavana\tgene\t301\t400\t.\t-\t.\tgene_id "b"; gene_type "lncRNA; odd"; level 1;
chr2\thavana\tgene\t1\t9000\t.\t-\t.\tgene_id "c"; gene_type "protein_coding";
"""
GFF3 = """\
##gff-version 3
1\tx\tgene\t101\t200\t.\t+\t.\tID=gene:a;biotype=protein_coding
1\tx\tmRNA\t111\t200\t.\t+\t.\tID=a1;Parent=gene:a
1\tx\tgene\t301\t400\t.\t-\t.\tID=gene:b;biotype=lnc%3BRNA,other
1\tx\tncRNA_gene\t501\t600\t.\t-\t.\tID=gene:d
##FASTA
>chr1
ACGT
"""


def places(path: Path, entry: dict, aliases: dict | None = None) -> list[tuple[str, int, str]]:
    sites, faults = scan_sites(path, entry, SIZES, aliases)
    assert faults == []
    return [*sites.itertuples(index=False, name=None)]


def faults_of(path: Path, entry: dict) -> list[str]:
    return scan_sites(path, entry, SIZES)[1]


# Annotations: 1-based closed positions; minus-strand genes begin at their end


@pytest.mark.parametrize("name", ["genes.gtf", "genes.gtf.gz", "GENES.GTF.GZ"])
def test_tss_of_a_gtf(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = GTF.encode()
    path.write_bytes(gzip.compress(data) if name.lower().endswith("gz") else data)
    if name.isupper():
        path = path.rename(tmp_path / "GENES.GTF.gz")
    genes = [("chr1", 100, "+"), ("chr1", 399, "-"), ("chr2", 8999, "-")]
    assert places(path, {}) == genes
    # Two transcripts begin at one base: one site.
    assert places(path, {"feature": "transcript"}) == genes[:1]
    assert places(path, {"feature": ["gene", "transcript"]}) == genes
    assert places(path, {"attribute": {"gene_type": "protein_coding"}}) == [genes[0], genes[2]]
    assert places(path, {"attribute": {"gene_type": ["lncRNA; odd", "x"]}}) == genes[1:2]
    both = {"gene_type": "protein_coding", "level": "2"}
    assert places(path, {"attribute": both}) == genes[:1]
    basic = {"feature": "transcript", "attribute": {"tag": "basic", "transcript_id": "a1"}}
    assert places(path, basic) == genes[:1]


def test_tss_of_a_gff3(tmp_path: Path) -> None:
    path = tmp_path / "genes.gff3"
    path.write_text(GFF3)
    names = {"1": "chr1"}
    assert places(path, {}, names) == [("chr1", 100, "+"), ("chr1", 399, "-")]
    assert places(path, {"feature": "mRNA"}, names) == [("chr1", 110, "+")]
    assert places(path, {"attribute": {"biotype": "other"}}, names) == [("chr1", 399, "-")]
    assert places(path, {"attribute": {"biotype": "lnc;RNA"}}, names) == [("chr1", 399, "-")]


def test_faulty_lines_of_an_annotation_are_named(tmp_path: Path) -> None:
    path = tmp_path / "genes.gtf"
    tail = '\t.\tgene_id "a";'
    lines = [
        "# comment",
        f"chr9\tx\tgene\t1\t2\t.\t+{tail}",
        f"chr1\tx\tgene\t0\t2\t.\t+{tail}",
        f"chr1\tx\tgene\t5\t20001\t.\t+{tail}",
        f"chr1\tx\tgene\t5\t4\t.\t+{tail}",
        f"chr1\tx\tgene\tx\t4\t.\t+{tail}",
        f"chr1\tx\tgene\t5\t8\t.\t?{tail}",
        "chr1\t5\t8",
        f"chr1\tx\tgene\t5\t8\t.\t+{tail}",
    ]
    path.write_text("\n".join(lines) + "\n")
    found = [item for item in scan_tss(path, {}, SIZES) if isinstance(item, str)]
    assert [int(fault.split(":")[0].rsplit(" ", 1)[1]) for fault in found] == [*range(2, 9)]
    assert "chromosome 'chr9' is not in the genome" in found[0]
    assert "has 3 tab-separated column(s)" in found[6]
    assert "strand '?'" in found[5]
    assert "and 2 more" in faults_of(path, {})[-1]
    path.write_text(GTF)
    assert (
        "no feature mRNA (column 3 has gene, transcript)" in faults_of(path, {"feature": "mRNA"})[0]
    )
    assert "correct 'attribute'" in faults_of(path, {"attribute": {"gene_type": "tRNA"}})[0]


# BED


def test_anchors_and_names_of_a_bed(tmp_path: Path) -> None:
    path = tmp_path / "x.bed"
    path.write_text(
        "chr1\t100\t200\tA\t0\t+\nchr1\t100\t201\tB\t0\t-\nchr1\t100\t180\tB\t0\t+\n"
        "chr2\t50\t60\tC\t0\t.\n"
    )
    assert places(path, {}) == [
        ("chr1", 149, "+"), ("chr1", 150, "-"), ("chr1", 139, "+"), ("chr2", 54, "."),
    ]  # fmt: skip
    two = {"name": ["A", "B"]}
    # The first and third begin at one base of one strand.
    assert places(path, {"anchor": "tss", **two}) == [("chr1", 100, "+"), ("chr1", 200, "-")]
    assert [p for _, p, _ in places(path, {"anchor": "start", **two})] == [100, 100, 100]
    assert [p for _, p, _ in places(path, {"anchor": "end", **two})] == [199, 200, 179]
    assert places(path, {"name": "C"}) == [("chr2", 54, ".")]
    assert "line 4: without a strand" in faults_of(path, {"anchor": "tss"})[0]
    (fault,) = faults_of(path, {"name": ["A", "Reb1"]})
    assert "no line has 'Reb1' in column 4 (there are A, B, C)" in fault


def test_yeast_factors_are_chosen_by_name(yeast: Path) -> None:
    path = yeast / "labels/rossi2021_chexmix_peaks.bed"
    names = [line.split("\t")[0] for line in path.read_text().splitlines()]
    sizes = dict.fromkeys(names, 2_000_000)
    for name, number in (("Reb1", 848), ("Abf1", 557)):  # the numbers of the data's README
        sites, faults = scan_sites(path, {"name": name}, sizes)
        assert (len(sites), faults) == (number, [])


# Motifs


def meme(*motifs: str, background: str = "A 0.3 C 0.2 G 0.2 T 0.3") -> str:
    return (
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
        f"{background}\n\n" + "\n".join(motifs)
    )


PROBABLE = """MOTIF M1 first
letter-probability matrix: alength= 4 w= 3 nsites= 10 E= 0
 0.7 0.1 0.1 0.1
 0 1 0 0
 0.25 0.25 0.25 0.25

URL http://x
"""
ODDS = """MOTIF M2

log-odds matrix: alength= 4 w= 2 E= 0
  100 -200 0 -50
 -300  150 1 -7
"""


def test_meme_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.meme"
    path.write_text(meme(PROBABLE, ODDS))
    motif = read_motif(path, "first")
    assert motif.background == pytest.approx((0.3, 0.2, 0.2, 0.3))
    smooth = (10 * 0.7 + 0.1 * 0.3) / 10.1
    assert motif.scores[0, 0] == round(1000 * np.log2(smooth / 0.3))
    assert len(motif) == 3
    assert read_motif(path, "M2").scores.tolist() == [
        [1000, -2000, 0, -500], [-3000, 1500, 10, -70],
    ]  # fmt: skip
    # Both matrices: the probabilities count, whichever comes first.
    probable = PROBABLE.split("\n", 1)[1]
    path.write_text(meme(ODDS.replace("M2", "M1") + "\n" + probable))
    assert np.array_equal(read_motif(path, "M1").scores, motif.scores)


def test_yeast_motifs_are_probabilities_and_not_log_odds(yeast: Path) -> None:
    motif = read_motif(yeast / "motifs/macisaac_yeast.v1.meme", "REB1")
    best = "".join("ACGT"[i] for i in motif.scores.argmax(axis=1))
    assert best == "TTACCCGG"
    # The file's log-odds are those of its probabilities, but for rounding and pseudocounts.
    odds = np.array([-359, -296, -296, 160]) * 10
    assert motif.scores[0] == pytest.approx(odds, abs=250)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MOTIF x\n", "no line 'MEME version'"),
        (meme(PROBABLE), "no motif is called 'M9' (there are M1)"),
        (meme(PROBABLE.replace("M1", "M9"), PROBABLE.replace("M1", "M9")), "2 motifs are called"),
        (meme("MOTIF M9\n"), "M9 has no letter-probability matrix"),
        (meme(PROBABLE.replace("M1", "M9").replace("0 1 0 0", "0 1 0")), "line 13: a matrix line"),
        (meme(PROBABLE.replace("M1", "M9").replace("0 1 0 0", "0 1 1 0")), "must sum to 1"),
        (
            meme(PROBABLE.replace("M1", "M9").replace("w= 3", "w= 4")),
            "line 11: the matrix has 3 of its w= 4",
        ),
        (meme(PROBABLE, background="A 0.3 C 0.2 G 0.2"), "line 7: the background"),
        (meme(PROBABLE).replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), "give motifs of DNA"),
    ],
)
def test_faulty_motif_files_are_told_at_the_check(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.meme"
    path.write_text(text)
    (fault,) = faults_of(path, {"motif": "M9", "p_value": 1e-2})
    assert message in fault
    assert str(path) in fault


def test_a_motif_too_short_for_the_p_value_is_told_at_the_check(tmp_path: Path) -> None:
    path = tmp_path / "m.meme"
    path.write_text(meme(ODDS))  # the best word, AC, has a probability of 0.06
    assert "too short or too vague" in faults_of(path, {"motif": "M2", "p_value": 0.01})[0]
    assert faults_of(path, {"motif": "M2", "p_value": 0.07}) == []


def random_motif(width: int, seed: int, at: float = 0.6) -> Motif:
    rng = np.random.default_rng(seed)
    half = (at / 2, (1 - at) / 2)
    scores = rng.integers(-3000, 2000, (width, 4))
    return Motif("m", scores, (half[0], half[1], half[1], half[0]))


def loop_score(motif: Motif, word: str) -> int:
    return sum(int(row["ACGT".index(base)]) for row, base in zip(motif.scores, word, strict=True))


@pytest.mark.parametrize("p_value", [0.3, 1e-2, 1e-3])
@pytest.mark.parametrize("width", [1, 4, 6])
def test_thresholds_equal_the_enumeration_of_all_words(width: int, p_value: float) -> None:
    motif = random_motif(width, seed=width)
    chance: dict[int, float] = {}
    for word in product("ACGT", repeat=width):
        score = loop_score(motif, "".join(word))
        frequency = np.prod([motif.background["ACGT".index(base)] for base in word])
        chance[score] = chance.get(score, 0.0) + frequency
    passing = [s for s in chance if sum(p for t, p in chance.items() if t >= s) <= p_value]
    assert motif.threshold(p_value) == (min(passing) if passing else None)


COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.text("ACGTN", max_size=80), st.integers(1, 12), st.integers(0, 5))
def test_scan_equals_a_loop(sequence: str, width: int, seed: int) -> None:
    motif = random_motif(width, seed)
    threshold = int(np.quantile(motif.scores, 0.6)) * width // 2
    expected = []
    for start in range(len(sequence) - width + 1):
        word = sequence[start : start + width]
        for strand, text in ((False, word), (True, word.translate(COMPLEMENT)[::-1])):
            if "N" not in text and loop_score(motif, text) >= threshold:
                expected.append((start, strand, loop_score(motif, text)))
    found = scan_sequence(encode(sequence), motif, threshold)
    assert [*zip(*(values.tolist() for values in found), strict=True)] == expected


def test_scan_is_whole_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    motif = random_motif(7, 3)
    codes = np.random.default_rng(4).integers(0, 5, 5000).astype(np.uint8)
    whole = scan_sequence(codes, motif, 0)
    monkeypatch.setattr("chrompute.motif_scan._CHUNK", 64)
    parts = scan_sequence(codes, motif, 0)
    assert whole[0].size > 50
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


@settings(deadline=None, derandomize=True, max_examples=80)
@given(
    st.sets(st.tuples(st.integers(0, 60), st.booleans()), max_size=30),
    st.integers(1, 9),
    st.randoms(use_true_random=False),
)
def test_overlaps_are_resolved_like_a_loop(places: set, width: int, random: object) -> None:
    matches = [(start, strand, random.randint(0, 4)) for start, strand in sorted(places)]
    taken: list[int] = []
    ranked = sorted(range(len(matches)), key=lambda i: (-matches[i][2], *matches[i][:2]))
    for index in ranked:
        if all(abs(matches[index][0] - matches[other][0]) >= width for other in taken):
            taken.append(index)
    columns = [
        np.array([m[k] for m in matches], dtype=kind) for k, kind in enumerate((int, bool, int))
    ]
    assert without_overlaps(tuple(columns), width).tolist() == sorted(taken)


def test_matches_become_sites(tmp_path: Path) -> None:
    # GAATTC is its own reverse complement: one site, on plus. GGATCA is not.
    rows = np.eye(4)[["ACGT".index(base) for base in "GGATCA"]]
    palindrome = np.eye(4)[["ACGT".index(base) for base in "GAATTC"]]
    text = [
        f"MOTIF {name}\nletter-probability matrix: alength= 4 w= 6\n"
        + "".join(" ".join(map(str, row)) + "\n" for row in matrix)
        for name, matrix in (("one", rows), ("two", palindrome))
    ]
    (tmp_path / "m.meme").write_text(meme(*text, background="A 0.25 C 0.25 G 0.25 T 0.25"))
    (tmp_path / "g.fa").write_text(
        ">chr1\nTTTTggatcaTTTTTGATCCTTTTGAATTCTT\n>chr2\nGGATCANN\n>chrM\nGGATCA\n"
    )
    listed = IntervalSet.of(("chr2", 2, 3))  # the base of chr2's site

    def found(name: str, blacklist: IntervalSet) -> list[tuple]:
        motif = read_motif(tmp_path / "m.meme", name)
        threshold = motif_threshold("m", motif, 3e-4)  # one word in 4,096
        table = find_matches(tmp_path / "g.fa", motif, threshold, ["chrM"], blacklist)
        table.to_csv(tmp_path / "sites.bed", sep="\t", header=False, index=False)
        sizes = {"chr1": 32, "chr2": 8, "chrM": 6}
        sites = read_sites(tmp_path / "sites.bed", {}, sizes, IntervalSet.of(), set(sizes))
        assert table["score"].tolist() == pytest.approx([12] * len(table), abs=0.2)
        return [*sites.itertuples(index=False, name=None)]

    assert found("one", IntervalSet.of()) == [("chr1", 6, "+"), ("chr1", 16, "-"), ("chr2", 2, "+")]
    assert found("one", listed) == [("chr1", 6, "+"), ("chr1", 16, "-")]
    assert found("two", listed) == [("chr1", 26, "+")]


def test_yeast_motif_matches_lie_at_the_peaks_of_their_factor(yeast: Path) -> None:
    """Of the best words of Reb1, many more lie at its ChIP-exo peaks than chance would have."""
    motif = read_motif(yeast / "motifs/macisaac_yeast.v1.meme", "REB1")
    threshold = motif_threshold("m", motif, 1e-4)
    fasta = yeast / "genome/sacCer3.fa.gz"
    matches = find_matches(fasta, motif, threshold, ["chrM"], IntervalSet.of())
    lines = (yeast / "labels/rossi2021_chexmix_peaks.bed").read_text().splitlines()
    peaks = [line.split("\t") for line in lines]
    near = [(f[0], max(int(f[1]) - 20, 0), int(f[2]) + 20) for f in peaks if f[3] == "Reb1"]
    where = IntervalSet.of(*near)
    inside = sum(
        where.contains(str(chrom), group["start"] + 3).sum()
        for chrom, group in matches.groupby("chrom")
    )
    assert inside > 300  # of 848 peaks; 35 kb of 12 Mb would hold 5 of 1,700 matches by chance


# Configuration


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"path": "a.bed", "feature": "mRNA"}, "'feature' is for a .gtf or .gff file"),
        ({"path": "a.gtf", "name": "x"}, "'name' is for a BED, and this is a .gtf or .gff file"),
        ({"path": "a.gff3.gz", "one_based": True}, "'one_based' is for a table"),
        ({"path": "a.bed", "p_value": 1e-5}, "'p_value' is for a MEME file with 'motif'"),
        ({"path": "a.meme", "motif": "x", "anchor": "tss"}, "'anchor' is for a BED"),
        ({"path": "a.bed", "anchor": "tts"}, "'tts' is not one of"),
    ],
)
def test_keys_of_another_kind_of_file_are_told(entry: dict, message: str) -> None:
    classes = {"a": {"states": ["a"]}, "images": {"states": ["b"]}}
    config = {
        "samples": "none", "labels": "none", "genome": {"fasta": "g.fa"},
        "sites": {"s": {"title": "S", **entry}},
        "tasks": {"t": {"kind": "segmentation", "classes": classes}},
        "windows": {
            "w": {
                "tasks": ["t"], "candidates": {"from": "segments"},
                "split": {"valid": ["c"], "test": ["d"]},
            }
        },
        "models": {"m": {"kind": "majority", "windows": "w"}},
        "vplots": {"images": ["s", "t.a", "t.c"]},
    }  # fmt: skip
    _, faults = load_settings(config, ROOT / "config/schemas/config.schema.json")
    assert any(message in fault for fault in faults), faults
    if "anchor" not in entry or "motif" in entry:
        assert any("'images' ends the names of other files" in fault for fault in faults)
        assert any("unknown site set or class 't.c'" in fault for fault in faults)
