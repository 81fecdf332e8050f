"""What pages say of motifs, from tables made here."""

from pathlib import Path

import pandas as pd

from chrompute.motif_report import motif_content, pattern_rows, windows_sentence


def windows() -> pd.DataFrame:
    rows = {"score": [1.0, 3.0, 2.0], "reference_score": [0.5, 0.5, 1.0], "error": [1e-5, 2e-4, 0]}
    return pd.DataFrame(rows)


def patterns() -> pd.DataFrame:
    return pd.DataFrame({
        "pattern": ["for1", "against1"], "sign": ["for", "against"], "seqlets": [1200, 21],
        "consensus": ["CCGGGTAA", "TTT"],
    })  # fmt: skip


def matches() -> pd.DataFrame:
    rows = [("for1", "REB1", 0.00012), ("for1", "ABF1", 0.04)]
    return pd.DataFrame(rows, columns=["pattern", "motif", "q_value"])


def test_how_much_the_dna_matters_in_words() -> None:
    text = windows_sentence(windows())
    assert text.startswith("3 windows. Their DNA raises the score of the class by 1.00 nats")
    assert "but for 0.02 % at most" in text
    assert "none is explained" in windows_sentence(windows()[:0])


def test_patterns_come_with_the_known_motifs_in_them() -> None:
    first, second = pattern_rows(patterns(), matches())
    assert first["known"] == "REB1 (q = 0.0001), ABF1 (q = 0.04)"
    assert (first["seqlets"], first["sign"], first["consensus"]) == ("1,200", "for", "CCGGGTAA")
    assert second["known"] == "no known motif"
    assert pattern_rows(patterns()[:0], matches()[:0]) == []


def test_pages_read_tables_without_any_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "interpretation/net/c/sequence"
    folder.mkdir(parents=True)
    tables = {"windows": windows(), "motifs": patterns()[:0], "matches": matches()[:0]}
    for name, rows in tables.items():
        rows.to_csv(folder / f"state.on.{name}.tsv", sep="\t", index=False)
    asked: list[str] = []

    def picture(place: str, alt: str, caption: str) -> object:
        asked.append(place)
        return alt

    found = motif_content("interpretation/net/c/sequence", "state.on", tmp_path, picture)
    assert found["rows"] == []
    assert found["file"] == "../interpretation/net/c/sequence/state.on.motifs.tsv"
    assert [Path(place).name for place in asked] == [
        "state.on.motifs.png",
        "state.on.mutations.png",
    ]
