"""What all rules share: the checked configuration, wildcards and named functions."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from chrompute.check import input_paths, inspect_inputs
from chrompute.errors import InputError
from chrompute.manifest import code_hash
from chrompute.settings import load_settings
from chrompute.tracks import TRACKS

settings, faults = load_settings(
    config, Path(workflow.basedir) / "config/schemas/config.schema.json"
)
if faults:
    # The files are looked at all the same, so that one run tells of all faults.
    if settings.samples or settings.labels:
        faults += inspect_inputs(settings, ".snakemake/chrompute-index").faults
    raise WorkflowError(str(InputError(faults)))
config.update(settings.config)

NETWORKS = settings.models_of_kind("network")
BASELINES = settings.models_of_kind("majority", "forest")
CLASS_SITES = {
    f"{task}.{name}": {"task": task, "name": name}
    for task in dict.fromkeys(entry["task"] for entry in config["windows"].values())
    for name in config["tasks"][task]["classes"]
}
TRACKS_OF_ASSAY = {"ATAC": ["cuts", "coverage"], "MNase": ["dyads"]}


def one_of(names):
    """Return a regular expression that matches these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    sample=one_of(sample.name for sample in settings.samples),
    cell_type=one_of(settings.cell_types),
    assay="ATAC|MNase",
    track=one_of(TRACKS),
    sites=one_of([*config["sites"], *CLASS_SITES]),
    windows=one_of(config["windows"]),
    model=one_of(config["models"]),
    seed=r"\d+",


def part(*keys):
    """Take some blocks of the configuration, so that a rule reruns only when those change."""
    return {key: config[key] for key in keys}


def existing(paths):
    """Leave out missing files: the check reports them, together with all other faults."""
    return [path for path in paths if Path(path).is_file()]


def all_inputs(wildcards):
    return existing(input_paths(settings))


def genome_file(wildcards):
    """The FASTA. Sizes are ancient where they are read, so that another check reruns nothing."""
    return existing([config["genome"]["fasta"]])


def bams(wildcards):
    return existing(settings.sample(wildcards.sample).paths)


def blacklist(wildcards):
    return existing([config["genome"]["blacklist"] or ""])


def alias_table(wildcards):
    return existing([config["genome"]["aliases"] or ""])


def fragments_of(cell_type, assay):
    return [
        f"<results>/fragments/{sample.name}.parquet"
        for sample in settings.samples_of(cell_type, assay)
    ]


def label_files(wildcards):
    task = config["windows"][wildcards.windows]["task"]
    return existing(label.path for label in settings.labels if label.task == task)


def megabytes(paths):
    """Size of the existing ones among some files, MB."""
    return sum(Path(path).stat().st_size for path in existing(paths)) / 1e6
