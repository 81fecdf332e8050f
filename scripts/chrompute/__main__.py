"""The command line: `python -m chrompute predict` and `python -m chrompute export`."""

import argparse
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chrompute.errors import ChromputeError, InputError
from chrompute.whole_files import written_whole

logger = logging.getLogger("chrompute")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    given = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        {"predict": _predict, "export": _export}[given.command](given)
    except (ChromputeError, OSError) as error:
        logger.error("ERROR: %s", error)
        return 1
    finally:
        logger.removeHandler(handler)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chrompute", description="Use networks that the workflow has trained."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_predict(commands.add_parser("predict", help="predict windows of one cell type"))
    export = commands.add_parser("export", help="write a network as ONNX")
    export.add_argument("model", help="folder of a trained network")
    export.add_argument("output", help="file to write, such as chrompute.onnx")
    return parser


def _add_predict(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument("--windows", required=True, help="BED or Parquet table; centres decide")
    parser.add_argument(
        "--output", required=True, help="table to write: .parquet, or tab-separated otherwise"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--batch-size", type=_positive, help="windows at once; by default that of the training"
    )
    parser.add_argument(
        "--threads", type=_positive, help="CPU threads; by default those of the training"
    )
    parser.add_argument(
        "--fraction",
        type=_share,
        default=1.0,
        help="keep so much of the fragments, as if sequenced less deeply: 0.1 for a tenth",
    )
    parser.add_argument(
        "--allow-changed",
        action="store_true",
        help="predict although a sample or the genome changed since the training",
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


def _refuse_output(output: str) -> None:
    """Tell what keeps a file from being written, before any work."""
    path = Path(output)
    if path.is_dir():
        raise InputError(f"{output}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{output}: its folder is not there; make it")


def _predict(given: argparse.Namespace) -> None:
    _refuse_output(given.output)
    from chrompute.predicting import predict  # brings torch: not before the options are read

    fragments: dict[str, list[str]] = {}
    for text in given.fragments:
        assay, equals, store = text.partition("=")
        if not (assay and equals and store):
            raise InputError(f"--fragments {text}: must be ASSAY=STORE, such as ATAC=atac.parquet")
        fragments.setdefault(assay, []).append(store)
    table = predict(
        given.model,
        dict(fragments),
        given.genome,
        given.windows,
        device=given.device,
        batch_size=given.batch_size,
        threads=given.threads,
        fraction=given.fraction,
        allow_changed=given.allow_changed,
    )
    _write(table, Path(given.output))
    logger.info("%s: %s windows", given.output, f"{len(table):,}")


def _write(table: pd.DataFrame, path: Path) -> None:
    with written_whole(path) as part:
        if path.suffix == ".parquet":
            table.to_parquet(part, index=False)
        else:
            table.to_csv(part, sep="\t", index=False)


def _export(given: argparse.Namespace) -> None:
    _refuse_output(given.output)
    from chrompute.export import export_onnx

    export_onnx(given.model, given.output)
    logger.info("%s: written", given.output)


if __name__ == "__main__":
    sys.exit(main())
