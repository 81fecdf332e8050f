"""Predict the windows with what knows the simulator."""

from typing import TYPE_CHECKING

from chrompute.manifest import write_json
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.simulate.design import Design
from chrompute.simulate.oracle import run_oracle
from chrompute.whole_files import write_parquet
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe, design = (
            Recipe(**snakemake.params.recipe),
            Design.from_config(snakemake.params.design),
        )
        windows = read_windows(snakemake.input.windows)
        stores = recipe.read_stores(snakemake.input.fragments)
        seed = int(snakemake.wildcards.seed)
        predictions, card = run_oracle(recipe, design, windows, stores, seed)
        write_parquet(predictions, snakemake.output.predictions)
        write_json(card, snakemake.output.card)
