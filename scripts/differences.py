"""Write what each modality adds to the others, and how far models stay behind the oracles."""

from typing import TYPE_CHECKING

from chrompute.differences import MODALITY_COLUMNS, ORACLE_COLUMNS, Differences
from chrompute.model_pairs import Candidate, modality_pairs, oracle_pairs
from chrompute.predictions import write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        paths: dict[str, list[str]] = {}
        for (model, _), path in zip(given.runs, snakemake.input.predictions, strict=True):
            paths.setdefault(model, []).append(path)
        scores = Differences(paths, given.tasks, **given.evaluation)
        candidates = [Candidate(**facts) for facts in given.candidates]
        added = scores.table(modality_pairs(candidates), MODALITY_COLUMNS)
        write_scores(added, snakemake.output.modalities)
        behind = scores.table(oracle_pairs(candidates), ORACLE_COLUMNS)
        write_scores(behind, snakemake.output.oracles)
