"""What all rules share: the checked configuration, wildcards and named functions."""

import sys
from dataclasses import asdict
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from chrompute.check import check_inputs, input_paths, inspect_inputs
from chrompute.errors import InputError
from chrompute.indexes import is_indexable
from chrompute.manifest import code_hash
from chrompute.programs import put_own_programs_first
from chrompute.runlog import run_log
from chrompute.settings import load_settings
from chrompute.sheets import ASSAYS, file_name, is_url
from chrompute.tracks import SCALES, TRACK_NAMES, plan_track

put_own_programs_first()
settings, faults = load_settings(
    config, Path(workflow.basedir) / "config/schemas/config.schema.json"
)
if faults:
    # The files are looked at all the same, so that one run tells of all faults.
    if settings.samples or settings.labels:
        faults += inspect_inputs(settings, index_folder=None).faults
    raise WorkflowError(str(InputError(faults)))
config.update(settings.config)

NETWORKS = settings.models_of_kind("network")
BASELINES = settings.models_of_kind("majority", "forest")
CLASS_SITES = {
    f"{task}.{name}": {"task": task, "name": name}
    for task in dict.fromkeys(entry["task"] for entry in config["windows"].values())
    for name in config["tasks"][task]["classes"]
}
QUALITY_FIGURES = ("reads", "lengths", "tss", "motif", "gc", "correlation")
RUNS = [
    (model, seed)
    for model, entry in config["models"].items()
    for seed in entry["seeds"]
]


def one_of(names):
    """Return a regular expression that matches these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    sample=one_of(sample.name for sample in settings.samples),
    download=one_of(
        file_name(p) for s in settings.samples for p in s.paths if is_url(p)
    ),
    cell_type=one_of(settings.cell_types),
    assay="ATAC|MNase",
    track=one_of(TRACK_NAMES),
    figure=one_of(QUALITY_FIGURES),
    sites=one_of([*config["sites"], *CLASS_SITES]),
    windows=one_of(config["windows"]),
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
        check_inputs(settings, results / "check")


def code_of(script):
    """Digest the library behind a script: Snakemake sees changes of the script alone."""
    return code_hash(Path(workflow.basedir) / f"scripts/{script}.py")


def existing(paths):
    """Leave out missing files: the check reports them, together with all other faults."""
    return [path for path in paths if Path(path).is_file()]


def all_inputs(wildcards):
    return existing(input_paths(settings))


def genome_file(wildcards):
    return existing([config["genome"]["fasta"]])


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


def label_files(wildcards):
    task = config["windows"][wildcards.windows]["task"]
    return existing(label.path for label in settings.labels if label.task == task)


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
    """Size of the existing ones among some files, MB."""
    return sum(Path(path).stat().st_size for path in existing(paths)) / 1e6


# Fragments


def fragment_rules(wildcards):
    """Return what decides a sample's fragments, as plain values."""
    sample = settings.sample(wildcards.sample)
    return {
        **config["fragments"],
        "exclude": config["genome"]["exclude"],
        "shift": str(sample.shift),
        "dedup": sample.dedup,
        "assay": sample.assay,
        "cell_type": sample.cell_type,
        "layout": sample.layout,
        "extend": sample.extend,
    }


def barcode_table(wildcards):
    return existing([settings.sample(wildcards.sample).barcodes or ""])


def address(wildcards):
    """Return the address and the digest of a file that is fetched."""
    sample = settings.sample(wildcards.sample)
    return next(
        {"url": path, "sha256": digest}
        for path, digest in zip(sample.paths, sample.sha256, strict=True)
        if is_url(path) and file_name(path) == wildcards.download
    )


def sample_entry(wildcards):
    return asdict(settings.sample(wildcards.sample))


def fragments_mb(wildcards, attempt):
    """Memory: the interpreter, a block of reads, and the fragments (about 20 bytes a pair).

    A pair takes 100 bytes of a BAM, and 20 of a fragment file.
    """
    paths = [
        path for path in settings.sample(wildcards.sample).paths if not is_url(path)
    ]
    return int(attempt * (600 + (megabytes(paths) or 4000)))


# Tracks


def track_rules(wildcards):
    """Return what one track draws, as plain values: nothing else makes it anew."""
    blocks = config["tracks"], config["nucleosomes"]
    return asdict(plan_track(wildcards.track, *blocks))


def tracks_of(sample):
    """Names of the tracks that a sample gets without being asked for."""
    suffixes = [SCALES[scale] for scale in config["tracks"]["scales"]]
    tracks = config["tracks"]["assays"][sample.assay]
    if (sample.assay, sample.layout) == ("ATAC", "single"):
        # The length of a read is not that of a fragment.
        tracks = [track for track in tracks if track in ("cuts", "coverage")]
    return [track + suffix for track in tracks for suffix in suffixes]


def track_files():
    """The tracks of every sample, and of every pool the ones that all its samples get."""
    files = [
        f"<results>/tracks/{sample.name}.{track}.bw"
        for sample in settings.samples
        for track in tracks_of(sample)
    ]
    for cell_type, assay in settings.pooled_tracks:
        first, *others = map(tracks_of, settings.pooled_samples(cell_type, assay))
        files += [
            f"<results>/tracks/{cell_type}.{assay}.{track}.bw"
            for track in first
            if all(track in tracks for tracks in others)
        ]
    return files


def fragments_of_pool(wildcards):
    return fragments_of(wildcards.cell_type, wildcards.assay)


def track_mb(wildcards, input, attempt):
    """Memory: the interpreter, a piece of a chromosome, and the fragments."""
    return int(attempt * (500 + 20 * megabytes(input)))


# Quality


def tss_file(wildcards):
    name = config["quality"]["tss"]
    return [] if name is None else site_file(name)


def tss_entry(wildcards):
    name = config["quality"]["tss"]
    return None if name is None else site_entry(name)


def quality_settings(wildcards):
    """What figures and verdicts of quality depend on, as plain values."""
    return {
        "tss": tss_entry(wildcards),
        "exclude": config["genome"]["exclude"],
        **{
            key: config["quality"][key]
            for key in ("mitochondrial", "bin_size", "thresholds")
        },
    }


def cell_type_of(wildcards):
    return settings.sample(wildcards.sample).cell_type


def quality_mb(wildcards, attempt):
    """Memory: the longest chromosome (its share of the FASTA is below 0.3 in large genomes)."""
    samples = [s for s in settings.samples if s.name == wildcards.get("sample", s.name)]
    paths = [path for sample in samples for path in sample.paths]
    return int(
        attempt * (1000 + 2 * megabytes([config["genome"]["fasta"]]) + megabytes(paths))
    )


def quality_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type)
    return [f"<results>/quality/{sample.name}.json" for sample in samples]


def stores_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def counts_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type)
    return [f"<results>/fragments/{sample.name}.json" for sample in samples]


def figures_of_quality(cell_type):
    """Names of the figures that a cell type has."""
    atac = bool(settings.samples_of(cell_type, "ATAC"))
    repeated = any(len(settings.samples_of(cell_type, a)) > 1 for a in ASSAYS)
    left_out = ["tss"] * (not atac or config["quality"]["tss"] is None)
    left_out += ["correlation"] * (not repeated)
    return [name for name in QUALITY_FIGURES if name not in left_out]


# deepTools


def fingerprint_samples(cell_type=None):
    """Samples whose alignments deepTools can read: BAMs sorted by coordinate."""
    return [
        sample.name
        for sample in settings.samples_of(cell_type)
        if config["quality"]["deeptools"] and all(map(is_indexable, sample.paths))
    ]


def made_index(wildcards):
    """Return how the indexes that the check made for a sample begin."""
    return f"{workflow.pathvars.apply('<results>')}/check/index/{wildcards.sample}"


def bam_names(wildcards):
    return [Path(path).name for path in settings.sample(wildcards.sample).paths]


def heatmap_cell_types():
    chosen = config["quality"]["deeptools"] and config["quality"]["tss"] is not None
    return [
        cell_type
        for cell_type in settings.cell_types
        if chosen and settings.samples_of(cell_type, "ATAC")
    ]


def correlated_assays():
    """Assays of which the run has at least two samples."""
    return [
        assay
        for assay in ASSAYS
        if config["quality"]["deeptools"] and len(settings.samples_of(assay=assay)) > 1
    ]


def coverage_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type, "ATAC")
    return [f"<results>/tracks/{sample.name}.coverage.bw" for sample in samples]


def atac_names_of_cell_type(wildcards):
    return [sample.name for sample in settings.samples_of(wildcards.cell_type, "ATAC")]


def bigwigs_of_assay(wildcards):
    track = {"ATAC": "coverage", "MNase": "dyads"}[wildcards.assay]
    samples = settings.samples_of(assay=wildcards.assay)
    return [f"<results>/tracks/{sample.name}.{track}.bw" for sample in samples]


def names_of_assay(wildcards):
    return [sample.name for sample in settings.samples_of(assay=wildcards.assay)]


def deeptools_pictures(cell_type):
    """Pictures of deepTools that a report shows: {path below the quality folder: what it is}."""
    pictures = (
        {f"{cell_type}.tss_heatmap.png": "heatmap"}
        if cell_type in heatmap_cell_types()
        else {}
    )
    pictures |= {
        f"{name}.fingerprint.png": "fingerprint"
        for name in fingerprint_samples(cell_type)
    }
    assays = [a for a in correlated_assays() if settings.samples_of(cell_type, a)]
    return pictures | {f"{assay}.bigwigs.png": "correlation" for assay in assays}


# Peaks


def peaks_of(cell_type):
    """Peaks of a cell type: the user's own, called ones, or none."""
    if cell_type in config["peaks"]["files"]:
        return existing([config["peaks"]["files"][cell_type]])
    if config["peaks"]["call"] and settings.pooled_samples(cell_type, "ATAC", "paired"):
        return [f"<results>/peaks/{cell_type}.narrowPeak"]
    return []


def peaks_of_sample(wildcards):
    return peaks_of(cell_type_of(wildcards))


def peaks_of_cell_type(wildcards):
    return peaks_of(wildcards.cell_type)


# V-plots


def motif_file(wildcards):
    return existing([config["sites"][wildcards.sites]["path"]])


def motif_name(wildcards):
    return config["sites"][wildcards.sites]["motif"]


def motif_p_value(wildcards):
    return config["sites"][wildcards.sites]["p_value"]


def vplot_mb(wildcards, input, attempt):
    """Memory: the interpreter, the plot and its figures, and the pooled fragments."""
    return int(attempt * (1200 + 60 * input.size_mb))


def vplot_sites(wildcards):
    """The file that holds the sites: a configured set, or the windows of a class."""
    if wildcards.sites in CLASS_SITES:
        windows = windows_of_task(CLASS_SITES[wildcards.sites]["task"])
        return [f"<results>/windows/{windows}.parquet"]
    return site_file(wildcards.sites)


def windows_of_task(task):
    return next(
        name for name, entry in config["windows"].items() if entry["task"] == task
    )


def sites_entry(wildcards):
    return CLASS_SITES.get(wildcards.sites) or site_entry(wildcards.sites)


def title_of_class(task, name):
    return config["tasks"][task]["classes"][name]["title"]


def sites_title(wildcards):
    if wildcards.sites in CLASS_SITES:
        return title_of_class(**CLASS_SITES[wildcards.sites])
    return config["sites"][wildcards.sites]["title"]


def atac_of_cell_type(wildcards):
    return fragments_of(wildcards.cell_type, "ATAC", "paired")


def class_sites_of(cell_type):
    """The classes, as site sets, of the tasks that a cell type has labels of."""
    tasks = {label.task for label in settings.labels if label.cell_type == cell_type}
    return [sites for sites, place in CLASS_SITES.items() if place["task"] in tasks]


def image_names(cell_type):
    """Site sets and classes whose V-plots are written one by one in a cell type."""
    if not settings.pooled_samples(cell_type, "ATAC", "paired"):
        return []
    there = [*config["sites"], *class_sites_of(cell_type)]
    return [name for name in config["vplots"]["images"] if name in there]


def class_vplots(wildcards):
    names = class_sites_of(wildcards.cell_type)
    return [f"<results>/vplots/{wildcards.cell_type}/{sites}.npz" for sites in names]


def class_titles(wildcards):
    return [
        title_of_class(**CLASS_SITES[sites])
        for sites in class_sites_of(wildcards.cell_type)
    ]


# Nucleosomes


def mnase_of_cell_type(wildcards):
    return fragments_of(wildcards.cell_type, "MNase")


def profile_sites(wildcards):
    return site_file(wildcards.sites)


def pool_mb(wildcards, attempt):
    """Memory: the interpreter, and the fragments of the samples that are pooled."""
    samples = [
        sample
        for sample in settings.samples
        if getattr(wildcards, "sample", sample.name) == sample.name
        and getattr(wildcards, "cell_type", sample.cell_type) == sample.cell_type
    ]
    paths = [path for s in samples for path in s.paths if not is_url(path)]
    return int(attempt * (1000 + 2 * megabytes(paths)))


def calls_of(cell_type):
    """What nucleosomes are called from, as below <results>/nucleosomes: samples and their pool."""
    samples = [sample.name for sample in settings.samples_of(cell_type, "MNase")]
    pooled = settings.pooled_samples(cell_type, "MNase")
    return [*samples, *([f"{cell_type}/pooled"] if pooled else [])]


def profile_names(cell_type):
    """Site sets at which a cell type gets a dyad profile: it needs both ends, or MNase."""
    paired = settings.pooled_samples(cell_type, "ATAC", "paired")
    there = settings.pooled_samples(cell_type, "MNase") or paired
    return config["nucleosomes"]["sites"] if there else []


def nucleosome_files():
    """Calls and profiles of all samples and cell types."""
    names = [
        name
        for cell_type in settings.cell_types
        for name in (
            *(f"{calls}.bed.gz" for calls in calls_of(cell_type)),
            *(f"{cell_type}/{sites}.tsv" for sites in profile_names(cell_type)),
        )
    ]
    return [f"<results>/nucleosomes/{name}" for name in names]


# Windows


def windows_mb(wildcards, attempt):
    return int(attempt * (500 + 20 * megabytes(label_files(wildcards))))


def cell_types_of_labels(wildcards):
    """Cell types in the order of `label_files`."""
    task = config["windows"][wildcards.windows]["task"]
    return [label.cell_type for label in settings.labels if label.task == task]


def window_entry(wildcards):
    return config["windows"][wildcards.windows]


def task_entry(wildcards):
    return config["tasks"][config["windows"][wildcards.windows]["task"]]


# Models


def recipe(wildcards):
    return asdict(settings.recipe(wildcards.model))


def fragments_of_model(wildcards):
    samples = settings.samples_of_model(wildcards.model)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def windows_of_model(wildcards):
    return f"<results>/windows/{config['models'][wildcards.model]['windows']}.parquet"


def genome_of_model(wildcards):
    reads = "sequence" in config["models"][wildcards.model]["inputs"]
    return existing([config["genome"]["fasta"]]) if reads else []


def training_mb(wildcards, attempt):
    """Memory: torch and a batch, the genome, and the fragments (about 30 bytes each)."""
    paths = [path for s in settings.samples for path in s.paths if not is_url(path)]
    genome = 4 * megabytes([config["genome"]["fasta"]])
    return int(attempt * (1800 + genome + 3 * megabytes(paths)))


def training_threads(wildcards):
    return settings.training(wildcards.model)["threads"]


# Evaluate


def scores_of_runs(wildcards):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.scores.tsv" for model, seed in RUNS
    ]


def metrics_of_all():
    """The table of all scores, where there are models."""
    return ["<results>/evaluation/metrics.tsv"] if RUNS else []


def confusions_of_runs(wildcards):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.confusion.tsv"
        for model, seed in RUNS
    ]


def cell_types_of_model(model):
    """Cell types in which a model is scored: those with labels of its task."""
    task = config["windows"][config["models"][model]["windows"]]["task"]
    return [label.cell_type for label in settings.labels if label.task == task]


def titles_of_models():
    return {name: entry["title"] for name, entry in config["models"].items()}


def titles_of_windows(wildcards):
    """Titles of the models of one window set."""
    models = config["models"].items()
    return {name: e["title"] for name, e in models if e["windows"] == wildcards.windows}


def task_of_model(wildcards):
    """Return a task's name and class titles."""
    name = config["windows"][config["models"][wildcards.model]["windows"]]["task"]
    classes = config["tasks"][name]["classes"]
    return {
        "task": name,
        "titles": {key: block["title"] for key, block in classes.items()},
    }


# Report


def templates(*names):
    return [str(Path(workflow.basedir) / f"report/{name}.html.j2") for name in names]


def vplot_names(cell_type):
    if not settings.pooled_samples(cell_type, "ATAC", "paired"):
        return []
    return config["vplots"]["sites"]


def panel_of(cell_type):
    return bool(class_sites_of(cell_type)) and bool(
        settings.pooled_samples(cell_type, "ATAC", "paired")
    )


def tasks_of_cell_type(cell_type):
    """The tasks that a report tells of: those with labels and models in this cell type."""
    tasks = {}
    for model, seed in RUNS:
        windows = config["models"][model]["windows"]
        name = config["windows"][windows]["task"]
        if cell_type in cell_types_of_model(model):
            leading = config["tasks"][name]["metric"]
            entry = {"windows": windows, "leading": leading, "runs": []}
            tasks.setdefault(name, entry)["runs"].append((model, seed))
    return tasks


def report_files(wildcards):
    """Everything that a report of a cell type shows."""
    cell_type, results = wildcards.cell_type, "<results>"
    tasks = tasks_of_cell_type(cell_type).values()
    files = [f"{results}/quality/{s.name}.json" for s in settings.samples_of(cell_type)]
    files += [f"{results}/quality/{cell_type}.summary.json"]
    pictures = [f"{cell_type}.{name}.png" for name in figures_of_quality(cell_type)]
    pictures += deeptools_pictures(cell_type)
    files += [f"{results}/quality/{name}" for name in pictures]
    files += [
        f"{results}/vplots/{cell_type}/{name}.{end}"
        for name in vplot_names(cell_type)
        for end in ("png", "corrected.png")
    ]
    files += [f"{results}/vplots/{cell_type}/classes.png"] * panel_of(cell_type)
    for name in profile_names(cell_type):
        files += [
            f"{results}/nucleosomes/{cell_type}/{name}.{end}" for end in ("png", "json")
        ]
    files += [f"{results}/nucleosomes/{name}.json" for name in calls_of(cell_type)]
    pooled = bool(settings.pooled_samples(cell_type, "MNase"))
    files += [f"{results}/nucleosomes/{cell_type}/pooled.phasing.png"] * pooled
    files += [f"{results}/evaluation/metrics.tsv"] * bool(tasks)
    for task in tasks:
        files += [f"{results}/windows/{task['windows']}.json"]
        files += [f"{results}/figures/models.{task['windows']}.{cell_type}.png"]
        for model, seed in task["runs"]:
            files += [
                f"{results}/figures/confusion.{model}.seed-{seed}.{cell_type}.png"
            ]
            curve = f"{results}/figures/learning.{model}.seed-{seed}.png"
            files += [curve] * (model in NETWORKS)
    return files


def report_plan(wildcards):
    """What the report needs to know of the configuration."""
    cell_type = wildcards.cell_type
    return {
        "samples": [sample.name for sample in settings.samples_of(cell_type)],
        "quality_figures": figures_of_quality(cell_type),
        "deeptools": deeptools_pictures(cell_type),
        "vplots": {
            name: config["sites"][name]["title"] for name in vplot_names(cell_type)
        },
        "panel": panel_of(cell_type),
        "profiles": {
            name: config["sites"][name]["title"] for name in profile_names(cell_type)
        },
        "calls": calls_of(cell_type),
        "networks": NETWORKS,
        "titles": titles_of_models(),
        "tasks": tasks_of_cell_type(cell_type),
        "evaluation": config["evaluation"],
    }
