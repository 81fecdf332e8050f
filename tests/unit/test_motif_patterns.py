"""Motifs among attributions: planted words are found, matched and measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.errors import InputError
from chrompute.figures import save_figure
from chrompute.motif_figures import draw_mutations, draw_patterns
from chrompute.motif_matches import match_patterns, read_known, site_distances
from chrompute.motif_patterns import (
    SITES,
    Pattern,
    find_patterns,
    pattern_logos,
    pattern_sites,
    pattern_table,
    write_patterns,
)
from chrompute.sequence_attributions import SequenceAttributions
from helpers import ROOT

#: In a new environment the motif finder is compiled first, which takes a minute.
pytestmark = pytest.mark.slow

WORDS = ("TGACTCATCCGT", "GGCACGTTAACC")
WIDTH, GAP = 301, 40


def code(word: str) -> np.ndarray:
    return np.array(["ACGT".index(base) for base in word])


def attributions(n: int = 60) -> tuple[SequenceAttributions, np.ndarray]:
    """Return windows with both words 40 bp apart, whose bases alone have attributions."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (n, WIDTH)).astype(np.uint8)
    values = rng.normal(0, 0.01, (n, 4, WIDTH))
    starts = rng.integers(80, 150, n)
    for row, start in enumerate(starts):
        for word, at in zip(WORDS, (start, start + GAP), strict=True):
            codes[row, at : at + len(word)] = code(word)
            values[row, :, at : at + len(word)] -= 0.3
            values[row, code(word), np.arange(at, at + len(word))] += 1.3
    zeros = np.zeros(n)
    return SequenceAttributions(codes, values.astype(np.float32), zeros, zeros, zeros), starts


def pattern(name: str, word: str, sites: list[tuple[int, int, str]]) -> Pattern:
    frequencies = np.eye(4)[code(word)] * 0.94 + 0.015
    rows = [(window, start, start + len(word), strand, name) for window, start, strand in sites]
    return Pattern(name, frequencies, frequencies, pd.DataFrame(rows, columns=SITES))


@pytest.fixture(scope="module")
def found() -> tuple[list[Pattern], np.ndarray]:
    given, starts = attributions()
    return find_patterns(given, 281, 1000), starts


def turned(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


def test_planted_words_are_found_where_they_are(found: tuple[list[Pattern], np.ndarray]) -> None:
    patterns, starts = found
    assert len(patterns) == 2
    for word, shift in zip(WORDS, (0, GAP), strict=True):
        own = [one for one in patterns if word in (one.consensus.upper(), turned(one.consensus))]
        assert len(own) == 1
        sites = own[0].sites.sort_values("window")
        assert sites["window"].tolist() == list(range(len(starts)))
        assert np.array_equal(sites["start"], starts + shift)
        assert np.array_equal(sites["end"], starts + shift + len(word))


def test_their_distance_is_told(found: tuple[list[Pattern], np.ndarray]) -> None:
    patterns, starts = found
    table = site_distances(patterns)
    pair = table[table["first"] != table["second"]]
    assert len(pair) == 1
    assert abs(pair["distance"].iloc[0]) in (GAP - 1, GAP, GAP + 1)
    assert pair["pairs"].iloc[0] == pair["all_pairs"].iloc[0] == len(starts)
    assert pair["p_value"].iloc[0] < 1e-20


def test_equal_attributions_give_equal_patterns(found: tuple[list[Pattern], np.ndarray]) -> None:
    again = find_patterns(attributions()[0], 281, 1000)
    for one, two in zip(found[0], again, strict=True):
        assert np.array_equal(one.attributions, two.attributions)
        assert one.sites.equals(two.sites)


def test_without_attributions_there_is_no_pattern() -> None:
    given, _ = attributions(3)
    none = SequenceAttributions(given.codes[:0], given.hypothetical[:0], *[np.zeros(0)] * 3)
    assert find_patterns(none, 281, 1000) == []
    assert pattern_table([]).empty


def test_seqlets_lie_in_the_genome() -> None:
    one = pattern("for1", "ACGTT", [(1, 10, "-"), (0, 7, "+")])
    places = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [100, 200]})
    table = pattern_sites([one], places)
    expected = [["chr1", 107, 112, "for1", 0, "+"], ["chr2", 210, 215, "for1", 0, "-"]]
    assert table.to_numpy().tolist() == expected


def test_distances_follow_the_strand_of_the_first_pattern() -> None:
    first = pattern("for1", "ACGTT", [(0, 10, "+"), (1, 60, "-"), (2, 10, "+")])
    second = pattern("for2", "GGATT", [(0, 40, "+"), (1, 30, "-"), (2, 40, "-")])
    table = site_distances([first, second]).set_index("orientation")
    assert table.loc["same", ["distance", "pairs"]].tolist() == [30, 2]
    assert table.loc["opposite", ["distance", "pairs"]].tolist() == [30, 1]


def test_a_pattern_of_two_motifs_matches_both(tmp_path: Path) -> None:
    known = read_known(ROOT / "config/demo/motifs.meme")
    names = {name.split()[-1]: name for name in known}
    pieces = [known[names[name]].T for name in ("SPI1", "CEBPA")]
    rows = np.vstack([pieces[0], np.full((3, 4), 0.25), pieces[1][::-1, ::-1]])
    one = Pattern("for1", rows, rows, pd.DataFrame(columns=SITES))
    table = match_patterns([one], known).set_index("motif")
    assert {*table.index} == {names["SPI1"], names["CEBPA"]}
    assert table.loc[names["SPI1"], ["offset", "strand"]].tolist() == [0, "+"]
    assert table.loc[names["CEBPA"], ["offset", "strand"]].tolist() == [len(pieces[0]) + 3, "-"]
    assert (table["q_value"] < 0.05).all()


def test_written_patterns_can_be_read_as_motifs(tmp_path: Path) -> None:
    one = pattern("for1", "ACGTT", [(0, 7, "+")])
    write_patterns([one], tmp_path / "p.meme")
    back = read_known(tmp_path / "p.meme")["for1 ACGTT"]
    assert np.allclose(back.T, one.frequencies / one.frequencies.sum(1, keepdims=True), atol=1e-6)


def test_logos_are_the_attributions_base_by_base() -> None:
    first, second = pattern("for1", "ACG", [(0, 7, "+")]), pattern("for2", "TT", [(1, 2, "-")])
    table = pattern_logos([first, second])
    assert table.columns.tolist() == ["pattern", "position", "A", "C", "G", "T"]
    assert table["pattern"].tolist() == ["for1"] * 3 + ["for2"] * 2
    assert table["position"].tolist() == [0, 1, 2, 0, 1]
    assert table.loc[1, "C"] == table.loc[3, "T"] == pytest.approx(0.955)
    assert pattern_logos([]).empty


@pytest.mark.parametrize("text", ["", "MOTIF a\nletter-probability matrix: w= 1\nA B C D\n"])
def test_a_file_without_motifs_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.meme").write_text(text)
    with pytest.raises(InputError, match=r"m\.meme"):
        read_known(tmp_path / "m.meme")


def mutations() -> pd.DataFrame:
    rows = [
        (1, "chr1", 500 + place, "ACGT"[place % 4], base, 0.1 * place - 0.02 * number)
        for place in range(120)
        for number, base in enumerate("ACGT")
        if base != "ACGT"[place % 4]
    ]
    names = ["locus", "chrom", "position", "reference", "base", "effect"]
    return pd.DataFrame(rows, columns=names)


def test_figures_are_equal_on_two_runs(tmp_path: Path) -> None:
    one = pattern("for1", "ACGTT", [(0, 7, "+")])
    matches = match_patterns([one], read_known(ROOT / "config/demo/motifs.meme"))
    logos, none = (
        (pattern_logos([one]), pattern_table([one])),
        (pattern_logos([]), pattern_table([])),
    )
    for name, draw in {
        "patterns": lambda: draw_patterns(*logos, matches, "title"),
        "none": lambda: draw_patterns(*none, matches, "title"),
        "mutations": lambda: draw_mutations(mutations(), ["chr1:501-620"], "title"),
        "no_mutations": lambda: draw_mutations(mutations()[:0], [], "title"),
    }.items():
        for run in "ab":
            save_figure(draw(), tmp_path / f"{run}.png", tmp_path / f"{run}.pdf")
        for kind in ("png", "pdf"):
            own = [(tmp_path / f"{run}.{kind}").read_bytes() for run in "ab"]
            assert own[0] == own[1], name
