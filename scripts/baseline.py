"""Fit a baseline and predict the windows that tune and test."""

from typing import TYPE_CHECKING

from chrompute.baselines import run_baseline
from chrompute.genome import read_genome
from chrompute.manifest import write_json
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.whole_files import write_parquet
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe = Recipe(**snakemake.params.recipe)
        windows = read_windows(snakemake.input.windows)
        stores = recipe.read_stores(snakemake.input.fragments)
        genome = read_genome(snakemake.input.genome[0]) if snakemake.input.genome else None
        seed = int(snakemake.wildcards.seed)
        predictions, card = run_baseline(recipe, windows, stores, seed, snakemake.threads, genome)
        write_parquet(predictions, snakemake.output.predictions)
        write_json(card, snakemake.output.card)
