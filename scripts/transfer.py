"""Write the transfer matrix of all models."""

from typing import TYPE_CHECKING

from chrompute.model_pairs import Candidate
from chrompute.predictions import read_scores, write_scores
from chrompute.runlog import run_log
from chrompute.transfer import transfer_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        scores, given = read_scores(snakemake.input[0]), snakemake.params
        candidates = [Candidate(**facts) for facts in given.candidates]
        table = transfer_table(scores, candidates, given.unseen)
        write_scores(table, snakemake.output[0])
