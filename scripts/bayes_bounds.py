"""Write what the best possible classifier reaches on the simulated windows, or bounds on it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from chrompute.manifest import write_json
from chrompute.predictions import read_scores
from chrompute.runlog import run_log
from chrompute.simulate.bounds import bayes_bounds

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        scores = pd.concat([read_scores(path) for path in snakemake.input.scores])
        cards = [json.loads(Path(path).read_text()) for path in snakemake.input.cards]
        write_json(bayes_bounds(scores, cards), snakemake.output[0])
