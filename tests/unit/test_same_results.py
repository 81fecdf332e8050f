"""Two runs are compared file by file; times and logs stand aside."""

from pathlib import Path

import pytest

from chrompute.__main__ import main
from chrompute.errors import InputError
from chrompute.same_results import result_differences, result_digests


def results(folder: Path, **changed: str) -> Path:
    files = {
        "a.tsv": "1", "models/m.json": "2", "logs/x.log": str(folder), "provenance.json": "time",
        "benchmarks/train/x.jsonl": "seconds", "reports/data/run.json": "3",
    }  # fmt: skip
    for name, text in (files | changed).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_differs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = results(tmp_path / "one")
    two = results(tmp_path / "two", **{"provenance.json": "later"})
    assert sorted(result_digests(one)) == ["a.tsv", "models/m.json", "reports/data/run.json"]
    assert main(["compare", str(one), str(two)]) == 0
    (two / "a.tsv").write_text("other")
    (one / "models/m.json").rename(one / "models/n.json")
    found = result_differences(result_digests(one), result_digests(two))
    assert found == {
        "a.tsv": "differs", "models/m.json": "only in the second",
        "models/n.json": "only in the first",
    }  # fmt: skip
    capsys.readouterr()
    assert main(["compare", str(one), str(two)]) == 1
    assert "differs\ta.tsv\n" in capsys.readouterr().out


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no results in it"):
        result_digests(tmp_path)
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 1
