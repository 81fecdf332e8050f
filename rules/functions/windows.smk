"""Functions of the rules of windows: which files a window set is made from, and how."""


def window_entry(wildcards):
    return config["windows"][wildcards.windows]


def tasks_entry(wildcards):
    """The tasks of a window set, without the colours of classes, which change no window."""
    return {
        name: without_colours(config["tasks"][name])
        for name in window_entry(wildcards)["tasks"]
    }


def without_colours(entry):
    if "classes" not in entry:
        return entry
    classes = {
        name: {key: value for key, value in block.items() if key != "color"}
        for name, block in entry["classes"].items()
    }
    return entry | {"classes": classes}


def labels_of_windows(wildcards):
    tasks = window_entry(wildcards)["tasks"]
    return [label for task in tasks for label in settings.labels_of(task)]


def label_files(wildcards):
    return existing(label.path for label in labels_of_windows(wildcards))


def replicates_of_labels(wildcards):
    """Cell type, task and replicate of each of `label_files`."""
    labels = labels_of_windows(wildcards)
    return [(label.cell_type, label.task, label.replicate) for label in labels]


def cell_types_of_candidates(wildcards):
    """The cell type of each of `candidate_files`, where each has its own."""
    if window_entry(wildcards)["candidates"]["from"] not in ("peaks", "summits"):
        return []
    return settings.cell_types_of_windows(wildcards.windows)


def candidate_files(wildcards):
    """Peaks of each cell type, or the one file that gives the candidates of all."""
    entry = window_entry(wildcards)["candidates"]
    if entry["from"] == "sites":
        return site_file(entry["sites"])
    if entry["from"] == "bed":
        return existing([entry["path"]])
    names = cell_types_of_candidates(wildcards)
    return [path for cell_type in names for path in peaks_of(cell_type)]


def site_entry_of_windows(wildcards):
    entry = window_entry(wildcards)["candidates"]
    return site_entry(entry["sites"]) if entry["from"] == "sites" else {}


def samples_of_windows(wildcards):
    """The samples that are pooled for the cell types of a window set."""
    return [
        sample
        for cell_type in settings.cell_types_of_windows(wildcards.windows)
        for assay in ASSAYS
        for sample in settings.pooled_samples(cell_type, assay)
    ]


def stores_of_windows(wildcards):
    samples = samples_of_windows(wildcards)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def places_of_stores(wildcards):
    """Cell type, assay and name of each of `stores_of_windows`."""
    samples = samples_of_windows(wildcards)
    return [(sample.cell_type, sample.assay, sample.name) for sample in samples]


def holdouts(wildcards):
    return settings.holdouts(wildcards.windows)


def windows_mb(wildcards, input, attempt):
    """Memory: the interpreter, labels, the genome with sums along a chromosome, and fragments."""
    genome, labels = 3 * megabytes(input.genome), 10 * megabytes(input.labels)
    fragments = 60 * megabytes(input.fragments)
    return int(attempt * (SNAKEMAKE_MB + 600 + genome + labels + fragments))


def atac_samples_of_windows(wildcards):
    """The pooled paired-end ATAC samples of the cell types that have labels of a window set."""
    return [
        sample
        for sample in samples_of_windows(wildcards)
        if (sample.assay, sample.layout) == ("ATAC", "paired")
    ]


def atac_of_windows(wildcards):
    samples = atac_samples_of_windows(wildcards)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def cell_types_of_windows(wildcards):
    """Cell types in the order of `atac_of_windows`."""
    return [sample.cell_type for sample in atac_samples_of_windows(wildcards)]
