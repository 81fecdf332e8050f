"""What all rules share: the checked configuration, wildcards and named functions."""

import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from chrompute.check import (
    check_inputs,
    input_paths,
    inspect_inputs,
    made_paths,
    simulated_paths,
)
from chrompute.errors import InputError
from chrompute.fragment_files import ALIGNMENTS, format_of
from chrompute.indexes import is_indexable
from chrompute.manifest import code_hash, sha256_of
from chrompute.programs import put_own_programs_first
from chrompute.runlog import run_log
from chrompute.configuration import load_settings
from chrompute.settings import BASELINE_KINDS
from chrompute.sheets import ASSAYS, is_url
from chrompute.tracks import SCALES, TRACK_NAMES, plan_track

put_own_programs_first()
settings, faults = load_settings(
    config, Path(workflow.basedir) / "config/schemas/config.schema.json"
)
if faults:
    # The files are looked at all the same, so that one run tells of all faults, unless what they
    # belong to is missing in the configuration.
    if settings.samples or settings.labels:
        with suppress(KeyError):
            faults += inspect_inputs(settings, index_folder=None).faults
    raise WorkflowError(str(InputError(faults)))
config.update(settings.config)

SIMULATED = simulated_paths(settings)
FETCHED = list(settings.fetched)
MADE = [*made_paths(settings), *FETCHED]
NETWORKS = settings.models_of_kind("network")
BASELINES = settings.models_of_kind(*BASELINE_KINDS)
ENSEMBLES = settings.models_of_kind("ensemble")
APPLIED = settings.models_of_kind("applied")
ORACLES = settings.models_of_kind("oracle")
CLASS_SITES = {
    f"{task.name}.{name}": {"task": task.name, "name": name}
    for windows in config["windows"]
    for task in settings.tasks_of_windows(windows)
    if task.kind == "segmentation"
    for name in task.classes
}
QUALITY_FIGURES = ("reads", "lengths", "tss", "motif", "gc", "correlation")
RUNS = [
    (model, seed) for model in config["models"] for seed in settings.seeds_of(model)
]


def one_of(names):
    """Return a regular expression that matches these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    sample=one_of(sample.name for sample in settings.samples),
    download=one_of(download.name for download in settings.downloads.values()),
    cell_type=one_of(settings.cell_types),
    assay="ATAC|MNase",
    track=one_of(TRACK_NAMES),
    figure=one_of(QUALITY_FIGURES),
    sites=one_of([*config["sites"], *CLASS_SITES]),
    windows=one_of(config["windows"]),
    task=one_of(config["tasks"]),
    model=one_of(config["models"]),
    seed=r"\d+",


def check_before_work():
    """Look at every input once a run has something to do, and before any job of it starts.

    This is no job: jobs would have to depend on it, and since it looks at nearly the whole
    configuration, every change of that would run all of them again.
    """
    results, logs = (
        Path(workflow.pathvars.apply(f"<{name}>")) for name in ("results", "logs")
    )
    with run_log(logs / "check.log"):
        methods = workflow.deployment_settings.deployment_method
        # In an environment of its own a job has what this process has not.
        own_environments = any(method.name == "CONDA" for method in methods)
        check_inputs(settings, results / "check", programs=not own_environments)


def code_of(script, templates=()):
    """Digest a script, the library behind it, and templates of pages.

    This makes a job run again, in all profiles.
    """
    return code_hash(Path(workflow.basedir) / f"scripts/{script}.py", templates)


def code_of_rules(name):
    """Digest a file of rules, of those without a script."""
    return sha256_of(Path(workflow.basedir) / f"rules/{name}.smk")[:16]


def checked():
    """What jobs wait for: `check_before_work` could not look at files that were not there yet."""
    simulated = ["<results>/check/simulated.json"] if SIMULATED else []
    return simulated + (["<results>/check/fetched.json"] if FETCHED else [])


def existing(paths):
    """Leave out missing files: the check reports them, together with all other faults.

    Files that the run makes or fetches need not be there yet.
    """
    return [path for path in paths if path in MADE or Path(path).is_file()]


def all_inputs(wildcards):
    return list(dict.fromkeys([*existing(input_paths(settings)), *settings.downloads]))


def addresses():
    """{place of a fetched file: its address}."""
    return {place: download.url for place, download in settings.downloads.items()}


def genome_file(wildcards):
    """The FASTA, where there is one: a run can do with the sizes of chromosomes."""
    return existing([config["genome"]["fasta"] or ""])


def sizes_table(wildcards):
    return existing([config["genome"]["sizes"] or ""])


def mappability(wildcards):
    return existing([config["genome"]["mappability"] or ""])


def genome_mb():
    """Size of the FASTA, MB; one that is not fetched yet is taken for a human one, packed."""
    fasta = config["genome"]["fasta"]
    if fasta is None or Path(fasta).is_file():
        return megabytes([fasta or ""])
    return 1000 if fasta in FETCHED else 0


def reads_of_sample(wildcards):
    """The files of a sample; those with an address lie where `fetch` puts them."""
    sample = settings.sample(wildcards.sample)
    fetched = [settings.local_path(sample, path) for path in sample.paths]
    there = existing(sample.paths)
    return [
        local
        for path, local in zip(sample.paths, fetched, strict=True)
        if is_url(path) or path in there
    ]


def blacklist(wildcards):
    return existing([config["genome"]["blacklist"] or ""])


def alias_table(wildcards):
    return existing([config["genome"]["aliases"] or ""])


def fragments_of(cell_type, assay, layout=None):
    """The stores that are pooled for a cell type and assay."""
    samples = settings.pooled_samples(cell_type, assay, layout)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def site_file(name):
    """The file that holds a site set; the matches of a motif are found first, as a BED."""
    if "motif" in config["sites"][name]:
        return [f"<results>/sites/{name}.bed"]
    return existing([config["sites"][name]["path"]])


def site_entry(name):
    """How that file is read."""
    entry = config["sites"][name]
    return {"title": entry["title"]} if "motif" in entry else entry


def megabytes(paths):
    """Size of those among some files that are there already, MB."""
    there = [Path(path) for path in paths if Path(path).is_file()]
    return sum(path.stat().st_size for path in there) / 1e6


#: MB that Snakemake itself takes of a cluster's job, in which it starts the script.
SNAKEMAKE_MB = 400


def memory(base, per_mb=10):
    """Return memory for rules: MB, more for larger inputs, and more at each attempt.

    `base` is what the script takes with small inputs, and `per_mb` the MB for each MB of them.
    """

    def mem_mb(wildcards, input, attempt):
        grown = per_mb * megabytes(input) if per_mb else 0
        return int(attempt * (SNAKEMAKE_MB + base + grown))

    return mem_mb


def minutes(base, per_gb=30):
    """Return a run time for rules: minutes, more for larger inputs, and more at each attempt."""

    def runtime(wildcards, input, attempt):
        return int(attempt * (base + per_gb * megabytes(input) / 1000))

    return runtime
