"""Put the windows of one network on a map by what its heads read of them."""

from typing import TYPE_CHECKING

from chrompute.embedding import embed
from chrompute.manifest import write_json
from chrompute.predictions import write_scores
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.subject import Subject, SubjectFiles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe = Recipe(**snakemake.params.recipe)
        subject = Subject.read(recipe, SubjectFiles.of_rule(snakemake.input))
        with subject.calculating():
            table, explained = embed(subject, snakemake.params.split)
        write_scores(table, snakemake.output.table)
        write_json({"explained_variance": explained}, snakemake.output.facts)
