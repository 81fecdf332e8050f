"""Write the mean images of the windows that a network was trained on."""

from typing import TYPE_CHECKING

from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.subject import Subject, SubjectFiles
from chrompute.whole_files import write_arrays

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe = Recipe(**snakemake.params.recipe)
        subject = Subject.read(recipe, SubjectFiles.of_rule(snakemake.input))
        with subject.calculating():
            images = subject.mean_images()
        arrays = {name: image.cpu().numpy() for name, image in images.items()}
        write_arrays(snakemake.output[0], **arrays)
