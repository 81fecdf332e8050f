"""Functions of the rules of windows and models."""

# Windows


def windows_mb(wildcards, attempt):
    return int(attempt * (500 + 20 * megabytes(label_files(wildcards))))


def replicates_of_labels(wildcards):
    """Cell type and replicate of each of `label_files`."""
    task = config["windows"][wildcards.windows]["task"]
    return [(label.cell_type, label.replicate) for label in settings.labels_of(task)]


def window_entry(wildcards):
    return config["windows"][wildcards.windows]


def task_entry(wildcards):
    return config["tasks"][config["windows"][wildcards.windows]["task"]]


def atac_samples_of_windows(wildcards):
    """The pooled paired-end ATAC samples of the cell types that have labels of a window set."""
    task = config["windows"][wildcards.windows]["task"]
    return [
        sample
        for cell_type in settings.labelled_cell_types(task)
        for sample in settings.pooled_samples(cell_type, "ATAC", "paired")
    ]


def atac_of_windows(wildcards):
    samples = atac_samples_of_windows(wildcards)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def cell_types_of_windows(wildcards):
    """Cell types in the order of `atac_of_windows`."""
    return [sample.cell_type for sample in atac_samples_of_windows(wildcards)]


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
