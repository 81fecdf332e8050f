"""The command line: `python -m chrompute predict` and `python -m chrompute export`."""

import argparse
import logging
import sys
from collections.abc import Sequence

from chrompute.errors import ChromputeError
from chrompute.predict_command import add_predict, refuse_output, run_predict

logger = logging.getLogger("chrompute")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    given = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        {"predict": run_predict, "export": _export}[given.command](given)
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
    add_predict(commands.add_parser("predict", help="predict windows of one cell type"))
    export = commands.add_parser("export", help="write a network as ONNX")
    export.add_argument("model", help="folder of a trained network")
    export.add_argument("output", help="file to write, such as chrompute.onnx")
    return parser


def _export(given: argparse.Namespace) -> None:
    refuse_output(given.output)
    from chrompute.export import export_onnx

    export_onnx(given.model, given.output)
    logger.info("%s: written", given.output)


if __name__ == "__main__":
    sys.exit(main())
