"""Predictions along the genome: tiles, segments, probabilities and tables."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest

import chrompute
from chrompute import genome_predictions, prediction_store
from chrompute.__main__ import main
from chrompute.errors import InputError
from chrompute.genome import encode
from chrompute.genome_predictions import predict_places
from chrompute.intervals import IntervalSet
from chrompute.opened_models import OpenedModels, Options, open_models
from chrompute.prediction_files import write_probability, write_segments, write_table
from chrompute.tiles import Tiles, in_chunks, places_of, read_regions
from helpers import write_bed
from toy_models import SIZES, Toy, make_toy
from toy_predictions import COLUMNS, Case, bits, of

COLOURS = {"closed": (204, 204, 204), "open": (213, 94, 0)}


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def case(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = Case(tmp_path_factory.mktemp("models"), toy)
    case.train("net", "vplot", "sequence")
    return case


def opened(case: Case, **options: Any) -> OpenedModels:
    return open_models(of(case, "net"), {"ATAC": case.atac}, case.genome, Options(**options))


@pytest.fixture(scope="module")
def store(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiles of 70 bp in two regions of chr1 and all of chr3, with a hole in the second region."""
    path = tmp_path_factory.mktemp("store") / "cells.parquet"
    models = opened(case)
    blacklist = IntervalSet.of(("chr1", 20_500, 20_600))
    regions = IntervalSet.of(("chr1", 0, 3000), ("chr1", 20_000, 22_000), ("chr3", 0, 30_000))
    predict_places(models, Tiles(models.sizes, 70, regions, blacklist), path)
    return path


def test_tiles_cover_the_chromosome_from_its_first_base() -> None:
    (tiles,) = Tiles({"a": 250}, 100)
    assert tiles[["start", "end", "centre"]].to_numpy().tolist() == [
        [0, 100, 49], [100, 200, 149], [200, 250, 224],
    ]  # fmt: skip
    assert [*tiles["chrom"]] == ["a"] * 3


def test_tiles_are_left_out_by_their_centre_and_by_unknown_bases() -> None:
    sizes = {"a": 1000, "b": 1000, "un_1": 500}
    codes = {name: encode("ACGT" * (size // 4)) for name, size in sizes.items()}
    codes["b"][200:351] = 4  # all of the third tile, 51 bases of the fourth
    codes["b"][400:450] = 4  # just half of the fifth
    regions = IntervalSet.of(("a", 149, 250), ("b", 0, 500), ("un_1", 0, 500))
    blacklist = IntervalSet.of(("b", 49, 50), ("b", 150, 200))
    tiles = Tiles(sizes, 100, regions, blacklist, ["un_*"], codes)
    found = {table["chrom"][0]: [*table["start"]] for table in tiles}
    assert found == {"a": [100, 200], "b": [100, 400]}
    assert {table["chrom"][0] for table in tiles} == {"a", "b"}  # again


def test_regions_are_beds_or_texts_that_count_from_1(tmp_path: Path) -> None:
    bed = write_bed(tmp_path / "r.bed", [("a", 3, 9)])
    sizes = {"a": 50_000, "b:c": 10}
    found = read_regions([str(bed), "a:10,001-20,000", "b:c:2-5", "b:c"], sizes)
    assert found.to_numpy().tolist() == [
        ["a", 3, 9], ["a", 10_000, 20_000], ["b:c", 1, 5], ["b:c", 0, 10],
    ]  # fmt: skip
    for text, message in (
        ("a:0-5", "is not in the genome .a has 50,000 bp"),
        ("a:9-5", "is not in the genome"),
        ("x:1-5", "there is no x"),
        ("nothing.bed", "is no file, and no region such as"),
    ):
        with pytest.raises(InputError, match=message):
            read_regions([text], sizes)
    with pytest.raises(InputError, match="the windows to predict must be given"):
        places_of(sizes, {}, None, None)


def test_tables_are_cut_anew() -> None:
    tables = [pd.DataFrame({"x": range(low, high)}) for low, high in ((0, 3), (3, 4), (4, 11))]
    found = [[*table["x"]] for table in in_chunks(tables, 4)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]


def test_windows_of_the_test_are_predicted_as_evaluated_to_the_last_bit(
    case: Case, tmp_path: Path
) -> None:
    bed = write_bed(tmp_path / "w.bed", case.held_out[["chrom", "start", "end"]].to_numpy())
    models = opened(case)
    places = places_of(models.sizes, models.codes, None, [str(bed)])
    assert predict_places(models, places, tmp_path / "w.parquet") == len(case.held_out)
    found = pd.read_parquet(tmp_path / "w.parquet")
    assert bits(found) == bits(case.expected["net1"])
    assert [*found["centre"]] == [*case.expected["net1"]["centre"]]


def test_threads_that_share_the_windows_change_nothing(case: Case, tmp_path: Path) -> None:
    tiles = Tiles(opened(case).sizes, 15, IntervalSet.of(("chr1", 0, 60_000)))
    found = []
    for cores in (1, 5):
        predict_places(opened(case, cores=cores), tiles, tmp_path / f"{cores}.parquet")
        found.append(pd.read_parquet(tmp_path / f"{cores}.parquet"))
    assert len(found[0]) == 4000
    assert found[0]["p:state:open"].nunique() > 1000  # of a window seen by the wrong thread too
    assert bits(found[0]) == bits(found[1])


def test_pieces_change_nothing(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = opened(case)
    tiles = Tiles(models.sizes, 50, IntervalSet.of(("chr1", 50_000, 60_000), ("chr2", 0, 9000)))
    predict_places(models, tiles, tmp_path / "whole.parquet")
    monkeypatch.setattr(genome_predictions, "PIECE", 1)  # a step of each network at a time
    predict_places(models, tiles, tmp_path / "pieces.parquet")
    whole, pieces = (pd.read_parquet(tmp_path / f"{n}.parquet") for n in ("whole", "pieces"))
    assert len(whole) == 380
    pd.testing.assert_frame_equal(whole, pieces)
    # And they are what windows at these places are.
    expected = chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, whole)
    assert bits(whole) == bits(expected)


def by_hand(table: pd.DataFrame) -> list[list[Any]]:
    """Merge touching places of one class, one by one."""
    segments: list[list[Any]] = []
    for row in table.itertuples(index=False):
        chrom, start, end = row[:3]
        values = {"closed": float(row[5]), "open": float(row[6])}
        name = max(values, key=lambda key: values[key])
        last = segments[-1] if segments else None
        if last and (last[0], last[2], last[3]) == (chrom, start, name):
            last[2] = end
            last[4].append(values[name])
        else:
            segments.append([chrom, start, end, name, [values[name]]])
    return segments


def test_segments_are_touching_tiles_of_one_class(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cells.state.states.bed.gz"
    write_segments(store, "state", COLOURS, path, "cells")
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert lines[0].startswith('track name="cells" ')
    assert 'itemRgb="On"' in lines[0]
    expected = by_hand(pd.read_parquet(store))
    assert 20 < len(expected) < len(pd.read_parquet(store)) / 2
    for line, (chrom, start, end, name, values) in zip(lines[1:], expected, strict=True):
        score = round(1000 * sum(values) / len(values))
        rgb = ",".join(map(str, COLOURS[name]))
        where = [chrom, str(start), str(end)]
        assert line.split("\t") == [*where, name, str(score), ".", *where[1:], rgb]
    # The hole of the blacklist is in no segment, and tabix finds what overlaps a place.
    with pysam.TabixFile(str(path)) as index:
        found = [line.split("\t") for line in index.fetch("chr1", 20_300, 20_800)]
        assert [*index.contigs] == ["chr1", "chr3"]
    own = [s for s in expected if s[0] == "chr1" and s[1] < 20_800 and s[2] > 20_300]
    assert [(int(f[1]), int(f[2])) for f in found] == [(s[1], s[2]) for s in own]
    assert not any(s[1] < 20_550 < s[2] for s in own)
    # Neither a second run nor other pieces of the table change a byte.
    before = path.read_bytes(), Path(f"{path}.tbi").read_bytes()
    monkeypatch.setattr(prediction_store, "_ROWS", 13)
    write_segments(store, "state", COLOURS, path, "cells")
    assert (path.read_bytes(), Path(f"{path}.tbi").read_bytes()) == before


def test_probabilities_are_those_of_the_tiles(store: Path, tmp_path: Path) -> None:
    path, again = tmp_path / "open.bw", tmp_path / "again.bw"
    write_probability(store, "state", "open", path)
    write_probability(store, "state", "open", again)
    assert path.read_bytes() == again.read_bytes()
    table = pd.read_parquet(store)
    with pyBigWig.open(str(path)) as handle:
        assert handle.chroms() == SIZES
        for chrom in SIZES:
            values = np.full(SIZES[chrom], np.nan, np.float32)
            for row in table[table["chrom"] == chrom].itertuples(index=False):
                values[row[1] : row[2]] = row[6]
            np.testing.assert_array_equal(handle.values(chrom, 0, SIZES[chrom], numpy=True), values)


def test_the_table_has_all_digits_and_an_index(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "cells.tsv.gz"
    write_table(store, path)
    found, expected = pd.read_csv(path, sep="\t"), pd.read_parquet(store)
    assert [*found] == [*expected]
    assert bits(found) == bits(expected)
    assert [*found["state"]] == [*expected["state"]]
    with pysam.TabixFile(str(path)) as index:
        rows = [line.split("\t") for line in index.fetch("chr3", 700, 840)]
    assert [(row[0], row[1]) for row in rows] == [("chr3", "700"), ("chr3", "770")]


@pytest.mark.parametrize(
    "rows", [[("chr1", 0, 90), ("chr1", 50, 120)], [("chr2", 0, 9)] * 1 + [("chr1", 0, 9)]]
)
def test_windows_that_overlap_make_no_track(
    case: Case, tmp_path: Path, rows: Sequence[tuple[str, int, int]]
) -> None:
    models = opened(case)
    bed = write_bed(tmp_path / "w.bed", rows)
    predict_places(models, places_of(models.sizes, {}, None, str(bed)), tmp_path / "w.parquet")
    with pytest.raises(InputError, match="overlaps the one before it or is not sorted"):
        write_segments(tmp_path / "w.parquet", "state", COLOURS, tmp_path / "w.bed.gz", "w")
    assert not [*tmp_path.glob("w.bed.gz*")]


def test_nothing_to_predict_is_told(case: Case, tmp_path: Path) -> None:
    models = opened(case)
    with pytest.raises(InputError, match="there is nothing to predict"):
        predict_places(models, Tiles(models.sizes, 50, exclude=["chr*"]), tmp_path / "x.parquet")
    assert not [*tmp_path.iterdir()]


def test_the_command_line_lays_tiles(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "predict", str(of(case, "net")), "--fragments", f"ATAC={case.atac}", "--genome",
        str(case.genome), "--tiles", "100", "--regions", "chr2:1-5,000", "chr3", "--exclude",
        "chr3", "--bed", str(tmp_path), "--bigwig", str(tmp_path),
    ]  # fmt: skip
    assert main(arguments) == 0, capsys.readouterr().err
    told = capsys.readouterr().err
    assert "50 of 50 windows" in told
    assert "left" in told  # the time
    names = ["state.closed.bw", "state.open.bw", "state.states.bed.gz", "state.states.bed.gz.tbi"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    places = pd.DataFrame({"chrom": "chr2", "start": range(0, 5000, 100)})
    places["end"] = places["start"] + 100
    expected = chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, places)
    with pyBigWig.open(str(tmp_path / "state.open.bw")) as handle:
        values = handle.values("chr2", 0, 5000, numpy=True)[::100]
    np.testing.assert_array_equal(values, expected[COLUMNS[1]].to_numpy())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tiles", "100"], "nothing to write; give --output, --bed or --bigwig"),
        (["--tiles", "100", "--bed", "none"], "none: is no folder; make it"),
        (["--windows", "w.bed", "--output", "o.tsv", "--exclude", "chrM"], "--exclude is for"),
    ],
)
def test_options_that_do_not_fit_are_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["predict", "nowhere", *arguments]) == 1
    assert message in capsys.readouterr().err
