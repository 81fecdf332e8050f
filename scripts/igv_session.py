"""Write the tracks, labels and predictions of a cell type as a session of IGV."""

from typing import TYPE_CHECKING

from chrompute.igv_session import SessionTrack, write_session
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        columns = (snakemake.input.files, given.titles, given.colours, given.probabilities)
        tracks = [
            SessionTrack(
                path,
                title,
                **({"colour": tuple(colour)} if colour else {}),
                limits=(0.0, 1.0) if probability else None,
            )
            for path, title, colour, probability in zip(*columns, strict=True)
        ]
        write_session(tracks, given.genome, snakemake.output[0])
