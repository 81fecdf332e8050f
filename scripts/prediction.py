"""Predict tiles of the genome, or windows, of a cell type or a sample with a trained model."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.genome import read_aliases
from chrompute.genome_predictions import predict_places
from chrompute.opened_models import Options, open_models
from chrompute.runlog import run_log
from chrompute.tiles import places_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given, how = snakemake.input, snakemake.params, snakemake.params.options
        stores = iter(files.fragments)
        fragments = {assay: [next(stores) for _ in own] for assay, own in given.read.items()}
        options = Options(
            cores=snakemake.threads,
            match_depth=how["match_depth"],
            allow_changed=how["allow_changed"],
            allow_outside=how["allow_outside"],
        )
        genome = files.genome[0] if files.genome else None
        opened = open_models(Path(files.model[0]).parent, fragments, genome, options)
        aliases = read_aliases(files.aliases[0] if files.aliases else None)
        sizes, codes = opened.sizes, opened.codes
        places = places_of(
            sizes, codes, how["step"], how["regions"], files.blacklist, given.exclude, aliases
        )
        predict_places(opened, places, snakemake.output[0])
