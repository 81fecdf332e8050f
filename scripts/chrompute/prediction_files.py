"""Predictions as files of genome browsers: segments (BED9), probabilities (bigWig) and a table."""

import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pysam

from chrompute.bigwig import write_bigwig
from chrompute.errors import InputError
from chrompute.pileup import Runs
from chrompute.prediction_store import iter_predictions, read_facts
from chrompute.predictions import probability_column
from chrompute.state_colours import Colour
from chrompute.whole_files import written_whole


def write_segments(
    store: str | Path, task: str, colours: Mapping[str, Colour], path: str | Path, title: str
) -> None:
    """Write the most probable class along the genome as BED9, bgzipped, with its tabix index.

    Neighbouring places of one class are one segment. Its score is 1000 times the mean probability
    of the class over its places. The first line is a track line, which makes genome browsers use
    the colours.

    Parameters
    ----------
    store
        What `chrompute.genome_predictions.predict_places` wrote.
    task
        The task.
    colours
        {class: its colour}.
    path
        The file to write, ending in `.bed.gz`; the index stands beside it, with `.tbi` added.
    title
        How browsers call the track.

    Raises
    ------
    InputError
        When places overlap or are not sorted, so that a base would have two classes.
    """
    classes = read_facts(store)["tasks"][task]
    names = [probability_column(task, name) for name in classes]
    head = f'track name="{title}" description="{title}: {task}" itemRgb="On" visibility=1\n'

    def lines() -> Iterator[bytes]:
        yield head.encode()
        for segments in _segments(in_order(iter_predictions(store, names), store), names):
            yield _as_bed9(segments, classes, colours).encode()

    _write_indexed(lines(), path)


def _segments(tables: Iterable[pd.DataFrame], names: list[str]) -> Iterator[pd.DataFrame]:
    """Merge touching places of one class; the last segment of a table waits for the next one."""
    waiting = pd.DataFrame()
    for table in tables:
        values = table[names].to_numpy(np.float64)
        code = values.argmax(1)
        own = table[["chrom", "start", "end"]].astype({"chrom": str})
        own = own.assign(code=code, sum=values[np.arange(len(code)), code], number=1)
        merged = _merge(pd.concat([waiting, own], ignore_index=True))
        yield merged.iloc[:-1]
        waiting = merged.iloc[-1:]
    yield waiting


def _merge(rows: pd.DataFrame) -> pd.DataFrame:
    chrom, code = rows["chrom"].to_numpy(object), rows["code"].to_numpy()
    new = np.ones(len(rows), bool)
    new[1:] = (chrom[1:] != chrom[:-1]) | (code[1:] != code[:-1])
    new[1:] |= rows["start"].to_numpy()[1:] != rows["end"].to_numpy()[:-1]
    first = np.flatnonzero(new)
    merged = rows.iloc[first].reset_index(drop=True)
    last = np.append(first[1:], len(rows)) - 1
    return merged.assign(
        end=rows["end"].to_numpy()[last],
        sum=np.add.reduceat(rows["sum"].to_numpy(), first),
        number=np.add.reduceat(rows["number"].to_numpy(), first),
    )


def _as_bed9(segments: pd.DataFrame, classes: list[str], colours: Mapping[str, Colour]) -> str:
    code = segments["code"].to_numpy(np.int64)
    texts = np.array([",".join(map(str, colours[name])) for name in classes], dtype=object)
    table = pd.DataFrame(
        {
            "chrom": segments["chrom"],
            "start": segments["start"],
            "end": segments["end"],
            "name": np.array(classes, dtype=object)[code],
            "score": (1000 * segments["sum"] / segments["number"]).round().astype("int64"),
            "strand": ".",
            "thick_start": segments["start"],
            "thick_end": segments["end"],
            "colour": texts[code],
        }
    )
    return table.to_csv(sep="\t", header=False, index=False)


def write_probability(store: str | Path, task: str, name: str, path: str | Path) -> None:
    """Write the probability of one class along the genome as bigWig.

    Bases without a place have no value. Arguments and errors are those of `write_segments`; `name`
    is the class.
    """
    facts = read_facts(store)
    column = probability_column(task, name)
    tables = in_order(iter_predictions(store, [column]), store)
    pieces = (piece for table in tables for piece in _stretches(table, column))
    with written_whole(path) as part:
        tracks = (
            (chrom, (runs for _, runs in own)) for chrom, own in groupby(pieces, lambda p: p[0])
        )
        write_bigwig(tracks, facts["sizes"], part)


def _stretches(table: pd.DataFrame, column: str) -> Iterator[tuple[str, Runs]]:
    """Yield (chromosome, runs) of places that touch each other."""
    chrom = table["chrom"].astype(str).to_numpy(object)
    start, end = (table[side].to_numpy(np.int64) for side in ("start", "end"))
    breaks = (chrom[1:] != chrom[:-1]) | (start[1:] != end[:-1])
    first = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(table)]])
    values = table[column].to_numpy(np.float64)
    for begin, stop in pairwise(first):
        edges = np.append(start[begin:stop], end[stop - 1])
        yield str(chrom[begin]), Runs(edges, values[begin:stop])


def write_table(store: str | Path, path: str | Path) -> None:
    """Write all predictions as tab-separated text, bgzipped, with its tabix index.

    The columns are those of `chrompute.predict`. Numbers have the digits that their float32 has.
    """
    tables = in_order(iter_predictions(store), store)

    def lines() -> Iterator[bytes]:
        for number, table in enumerate(tables):
            if not number:
                yield ("\t".join(table.columns) + "\n").encode()
            text = io.BytesIO()
            options = pa.csv.WriteOptions(
                include_header=False, delimiter="\t", quoting_style="none"
            )
            texts = {name: str for name in table if table[name].dtype == "category"}
            rows = pa.Table.from_pandas(table.astype(texts), preserve_index=False)
            pa.csv.write_csv(rows, text, options)
            yield text.getvalue()

    _write_indexed(lines(), path)


def write_plain(store: str | Path, path: str | Path, parquet: bool) -> None:
    """Write all predictions as they lie in the store, as Parquet or as tab-separated text."""
    if parquet:
        with written_whole(path) as part:
            shutil.copyfile(store, part)
        return
    with written_whole(path) as part, part.open("w") as handle:
        for number, table in enumerate(iter_predictions(store)):
            table.to_csv(handle, sep="\t", index=False, header=not number)


def in_order(tables: Iterable[pd.DataFrame], store: str | Path) -> Iterator[pd.DataFrame]:
    """Pass tables on as long as their places are sorted and do not overlap.

    Raises
    ------
    InputError
        Where they do.
    """
    codes = {name: code for code, name in enumerate(read_facts(store)["sizes"])}
    last = (-1, 0)
    for table in tables:
        chrom = table["chrom"].astype(str).map(codes).to_numpy(np.int64)
        start, end = (table[side].to_numpy(np.int64) for side in ("start", "end"))
        before = np.concatenate([[last[0]], chrom[:-1]])
        edge = np.concatenate([[last[1]], end[:-1]])
        wrong = (chrom < before) | ((chrom == before) & (start < edge))
        if wrong.any():
            row = table.iloc[int(np.flatnonzero(wrong)[0])]
            raise InputError(
                f"{store}: window {row['chrom']}:{row['start']:,}-{row['end']:,} overlaps the one "
                "before it or is not sorted by place, and a base of a track has one value; give "
                "windows that do not overlap, or tiles (step, --tiles)"
            )
        last = (int(chrom[-1]), int(end[-1]))
        yield table


def _write_indexed(lines: Iterable[bytes], path: str | Path) -> None:
    """Write text with one line of header through bgzip, and its tabix index beside it."""
    with written_whole(path) as part, written_whole(f"{path}.tbi") as index:
        with pysam.BGZFile(str(part), "wb", None) as handle:
            for line in lines:
                handle.write(line)
        pysam.tabix_index(
            str(part), seq_col=0, start_col=1, end_col=2, zerobased=True, line_skip=1,
            index=str(index),
        )  # fmt: skip
