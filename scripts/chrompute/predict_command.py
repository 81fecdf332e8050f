"""The command `python -m chrompute predict`."""

import argparse
import logging
import math
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from chrompute.errors import InputError
from chrompute.whole_files import written_whole

if TYPE_CHECKING:
    from chrompute.opened_models import OpenedModels

logger = logging.getLogger(__name__)


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to its parser."""
    parser.add_argument(
        "model",
        nargs="+",
        help="folder of a trained network or of an ensemble (results/.../models/chrompute/seed-1); "
        "the probabilities of several are averaged",
    )
    parser.add_argument(
        "--fragments",
        nargs="+",
        default=[],
        metavar="ASSAY=STORE",
        help="fragment stores, such as ATAC=results/.../fragments/atac.parquet; those of one assay "
        "are pooled",
    )
    parser.add_argument("--genome", help="FASTA; needed where a network reads DNA")
    _add_places(parser)
    _add_outputs(parser)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--batch-size", type=_positive, help="windows at once; by default that of the training"
    )
    parser.add_argument("--cores", type=_positive, help="CPU cores; by default all")
    parser.add_argument(
        "--threads",
        type=_positive,
        help="cores that work on one window at a time; by default those of the training",
    )
    parser.add_argument(
        "--fraction",
        type=_share,
        default=1.0,
        help="keep so much of the fragments, as if sequenced less deeply: 0.1 for a tenth",
    )
    for option, text in _SWITCHES.items():
        parser.add_argument(option, action="store_true", help=text)


_SWITCHES = {
    "--match-depth": "of samples deeper than those of the training keep so many fragments as were "
    "typical there",
    "--allow-changed": "predict although a sample or the genome changed since the training",
    "--allow-outside": "predict although samples are of another assay, end shift or depth than "
    "those of the training",
}


def _add_places(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--windows", help="BED or Parquet table; centres decide")
    where.add_argument(
        "--tiles", type=_positive, metavar="STEP", help="tiles of so many bp along the genome"
    )
    parser.add_argument(
        "--regions",
        nargs="+",
        metavar="REGION",
        help="with --tiles: a BED, or regions such as chr1:10,001-20,000; others are left out",
    )
    parser.add_argument("--blacklist", help="with --tiles: BED of places to leave out")
    parser.add_argument(
        "--exclude",
        nargs="+",
        metavar="NAME",
        help="with --tiles: chromosomes to leave out, names or shell patterns such as chrUn_*",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        help="table to write: .parquet, .tsv.gz (bgzipped, with its tabix index), or "
        "tab-separated otherwise",
    )
    parser.add_argument(
        "--bed", metavar="FOLDER", help="write TASK.states.bed.gz there: segments with colours"
    )
    parser.add_argument(
        "--bigwig", metavar="FOLDER", help="write TASK.CLASS.bw there: probabilities"
    )


def _positive(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least 1")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0 and at most 1")
    return share


def refuse_output(output: str) -> None:
    """Tell what keeps a file from being written, before any work."""
    path = Path(output)
    if path.is_dir():
        raise InputError(f"{output}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{output}: its folder is not there; make it")


def _refuse(given: argparse.Namespace) -> None:
    """Tell what is wrong with the options, before torch is there."""
    if not (given.output or given.bed or given.bigwig):
        raise InputError("there is nothing to write; give --output, --bed or --bigwig")
    if given.output:
        refuse_output(given.output)
    for folder in (given.bed, given.bigwig):
        if folder and not Path(folder).is_dir():
            raise InputError(f"{folder}: is no folder; make it")
    for option in ("regions", "blacklist", "exclude"):
        if getattr(given, option) and given.windows:
            raise InputError(f"--{option} is for --tiles; leave it out, or choose the windows")


def run_predict(given: argparse.Namespace) -> None:
    """Do what the command line says."""
    _refuse(given)
    # These bring torch: not before the options are looked at.
    from chrompute.genome_predictions import predict_places
    from chrompute.opened_models import Options, open_models

    fragments: dict[str, list[str]] = {}
    for text in given.fragments:
        assay, equals, store = text.partition("=")
        if not (assay and equals and store):
            raise InputError(f"--fragments {text}: must be ASSAY=STORE, such as ATAC=atac.parquet")
        fragments.setdefault(assay, []).append(store)
    options = Options(
        given.device,
        given.batch_size,
        given.threads,
        given.cores,
        given.fraction,
        given.match_depth,
        given.allow_changed,
        given.allow_outside,
    )
    opened = open_models(given.model, dict(fragments), given.genome, options)
    with TemporaryDirectory() as folder:
        store = Path(folder) / "predictions.parquet"
        number = predict_places(opened, _places(given, opened), store)
        _write(given, store)
    logger.info("%s windows are written", f"{number:,}")


def _places(given: argparse.Namespace, opened: "OpenedModels") -> Iterable[pd.DataFrame]:
    """Read or lay the places to predict."""
    from chrompute.prediction_inputs import read_places
    from chrompute.tiles import places_of

    if given.windows:
        return [read_places(given.windows, opened.sizes)]
    blacklist = [given.blacklist] if given.blacklist else []
    sizes, codes = opened.sizes, opened.codes
    return places_of(sizes, codes, given.tiles, given.regions, blacklist, given.exclude or ())


def _write(given: argparse.Namespace, store: Path) -> None:
    """Write what was asked for."""
    from chrompute import prediction_files as files
    from chrompute import prediction_names as names
    from chrompute.prediction_store import read_facts
    from chrompute.state_colours import class_colours

    if given.output and given.output.endswith((".gz", ".bgz")):
        files.write_table(store, given.output)
    elif given.output:
        with written_whole(given.output) as part:
            files.write_plain(store, part, parquet=given.output.endswith(".parquet"))
    for task, classes in read_facts(store)["tasks"].items():
        if given.bed:
            path = Path(given.bed) / names.segments_name(task)
            files.write_segments(store, task, class_colours(classes), path, task)
        for name in names.shown_classes(classes) if given.bigwig else ():
            path = Path(given.bigwig) / names.probability_name(task, name)
            files.write_probability(store, task, name, path)
