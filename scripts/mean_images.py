"""Write the mean images of the windows that a network was trained on."""

from typing import TYPE_CHECKING

import numpy as np

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
            images = subject.mean_images()
        arrays = {name: image.cpu().numpy() for name, image in images.items()}
        np.savez_compressed(snakemake.output[0], **arrays)
