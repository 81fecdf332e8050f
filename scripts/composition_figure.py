"""Draw which classes the windows of one task have, by cell type and split."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.window_figures import draw_composition

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        facts = json.loads(Path(snakemake.input[0]).read_text())["tasks"][snakemake.wildcards.task]
        figure = draw_composition(facts, f"{snakemake.wildcards.windows}: {facts['title']}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
