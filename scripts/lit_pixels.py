"""Summarise how full the V-plots of a window set are."""

from typing import TYPE_CHECKING

from chrompute.lit_pixels import summarise_pixels
from chrompute.runlog import run_log
from chrompute.store_files import read_pool
from chrompute.whole_files import write_frame
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        groups: dict[str, list[str]] = {}
        for cell_type, path in zip(
            snakemake.params.cell_types, snakemake.input.fragments, strict=True
        ):
            groups.setdefault(cell_type, []).append(path)
        stores = {cell_type: read_pool(paths) for cell_type, paths in groups.items()}
        table = summarise_pixels(stores, read_windows(snakemake.input.windows))
        write_frame(table, snakemake.output[0])
