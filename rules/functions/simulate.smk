"""Functions of the rules that simulate."""

from chrompute.simulate.marks import MARKS
from chrompute.simulate.products import LABEL_REPLICATES, MARK_REPLICATES


def simulation_mb(wildcards, attempt):
    """Memory: the interpreter, about 25 bytes a base, and 60 bytes a fragment."""
    block = config["simulation"] or {"chromosomes": 0, "chromosome_length": 0}
    mb = block["chromosomes"] * block["chromosome_length"] / 1e6
    fragments = mb / 1000 * sum(block.get("depth", {}).values())
    return int(attempt * (SNAKEMAKE_MB + 700 + 25 * mb + 200 * fragments))


def simulated_motifs(wildcards):
    return existing([config["simulation"]["motifs"]]) if config["simulation"] else []


def simulated_sample(wildcards):
    sample = settings.sample(wildcards.sample)
    return {key: getattr(sample, key) for key in ("cell_type", "assay", "layout")}


def truth_files(cell_type):
    """What tells how the calls of a simulated cell type compare with what was planted."""
    made = [is_simulated_sample(s) for s in settings.pooled_samples(cell_type, "MNase")]
    return (
        [f"<results>/evaluation/nucleosomes.{cell_type}.json"]
        if made and all(made)
        else []
    )


def is_simulated_sample(sample):
    return all(path in SIMULATED for path in sample.paths)


def simulation_files():
    """Everything that is simulated beside the run's own inputs, and the comparisons."""
    if not config["simulation"]:
        return []
    cell_types = [
        c for c in settings.cell_types if c in config["simulation"]["factors"]
    ]
    folder = "<results>/simulation"
    return [
        *SIMULATED,
        f"{folder}/truth/rules.json",
        *([f"{folder}/truth/bayes.json"] if ORACLES else []),
        *(f"{folder}/truth/{cell_type}.dyads.bed.gz" for cell_type in cell_types),
        *(f"{folder}/marks/{cell_type}.CTCF.1.narrowPeak" for cell_type in cell_types),
        *(path for cell_type in cell_types for path in truth_files(cell_type)),
    ]
