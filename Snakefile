"""Chrompute: from ATAC-seq and MNase-seq alignments to trained models and one report per cell type."""

from snakemake.utils import min_version

min_version("9.27")

if "samples" not in config:  # no --configfile on the command line

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/functions/assays.smk"
include: "rules/functions/tracks.smk"
include: "rules/functions/windows.smk"
include: "rules/functions/chromhmm.smk"
include: "rules/functions/models.smk"
include: "rules/functions/evaluate.smk"
include: "rules/functions/motifs.smk"
include: "rules/functions/predict.smk"
include: "rules/functions/browser.smk"
include: "rules/functions/report.smk"
include: "rules/functions/interpret.smk"
include: "rules/functions/paper.smk"
include: "rules/functions/simulate.smk"
include: "rules/check.smk"
include: "rules/simulate.smk"
include: "rules/fragments.smk"
include: "rules/tracks.smk"
include: "rules/peaks.smk"
include: "rules/quality.smk"
include: "rules/deeptools.smk"
include: "rules/vplots.smk"
include: "rules/nucleosomes.smk"
include: "rules/chromhmm.smk"
include: "rules/windows.smk"
include: "rules/models.smk"
include: "rules/evaluate.smk"
include: "rules/predict.smk"
include: "rules/figures.smk"
include: "rules/motifs.smk"
include: "rules/interpret.smk"
include: "rules/paper.smk"
include: "rules/report.smk"


rule all:
    """Everything: assays, models, evaluation, figures and reports."""
    default_target: True
    input:
        # A file that was lost is made again.
        rules.assays.input,
        rules.provenance.input.others,
        rules.provenance.output,  # waits for all others
    localrule: True
