"""The command line: `python -m chrompute predict`, `export` and `compare`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from chrompute.errors import ChromputeError
from chrompute.predict_command import add_predict, refuse_output, run_predict
from chrompute.same_results import result_differences, result_digests

logger = logging.getLogger("chrompute")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    given = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        {"predict": run_predict, "export": _export, "compare": _compare}[given.command](given)
    except (ChromputeError, OSError) as error:
        logger.error("ERROR: %s", error)
        return 1
    finally:
        logger.removeHandler(handler)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chrompute", description="Use what the workflow has made."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    add_predict(commands.add_parser("predict", help="predict windows of one cell type"))
    export = commands.add_parser("export", help="write a network as ONNX")
    export.add_argument("model", help="folder of a trained network")
    export.add_argument("output", help="file to write, such as chrompute.onnx")
    compare = commands.add_parser("compare", help="tell whether two runs made the same files")
    compare.add_argument("first", help="results folder of a run")
    compare.add_argument("second", help="results folder of another run")
    return parser


def _export(given: argparse.Namespace) -> None:
    refuse_output(given.output)
    from chrompute.export import export_onnx

    export_onnx(given.model, given.output)
    logger.info("%s: written", given.output)


def _compare(given: argparse.Namespace) -> None:
    first, second = (result_digests(folder) for folder in (given.first, given.second))
    found = result_differences(first, second)
    for name, how in found.items():
        print(f"{how}\t{name}")
    if found:
        raise ChromputeError(f"{len(found)} of {len({*first, *second})} files are not the same")
    logger.info("all %d files are the same", len(first))


if __name__ == "__main__":
    sys.exit(main())
