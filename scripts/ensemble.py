"""Average the predictions of all seeds of a network, and calibrate the mean."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.ensembles import run_ensemble
from chrompute.manifest import write_json
from chrompute.model_files import read_card
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.whole_files import write_parquet

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        predictions, card = run_ensemble(
            Recipe(**snakemake.params.recipe),
            int(snakemake.wildcards.seed),
            [pd.read_parquet(path) for path in snakemake.input.predictions],
            [read_card(path) for path in snakemake.input.cards],
        )
        write_parquet(predictions, snakemake.output.predictions)
        write_json(card, snakemake.output.card)
