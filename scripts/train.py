"""Train a network and predict the windows that tune and test."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.genome import read_genome
from chrompute.model_files import sample_facts, save_network
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.runs import run_recipe
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe = Recipe(**snakemake.params.recipe)
        windows = read_windows(snakemake.input.windows)
        stores = recipe.read_stores(snakemake.input.fragments)
        genome = read_genome(snakemake.input.genome[0]) if snakemake.input.genome else None
        trained = run_recipe(
            recipe, windows, stores, genome, int(snakemake.wildcards.seed),
            Path(snakemake.params.results) / "checkpoints", snakemake.params.code,
        )  # fmt: skip
        card = trained.card | {"stores": sample_facts(snakemake.input.fragments)}
        save_network(trained.network, card, snakemake.output.weights, snakemake.output.card)
        trained.history.to_csv(snakemake.output.history, sep="\t", index=False)
        trained.predictions.to_parquet(snakemake.output.predictions, index=False)
        trained.discard_checkpoints()
