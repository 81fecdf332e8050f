"""Functions of the rules of models."""

# Models


def recipe(wildcards):
    return asdict(settings.recipe(wildcards.model))


def fragments_of_model(wildcards):
    samples = settings.samples_of_model(wildcards.model)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def windows_of_model(wildcards):
    return f"<results>/windows/{config['models'][wildcards.model]['windows']}.parquet"


def genome_of_model(wildcards):
    source = settings.source_of(wildcards.model)
    reads = "sequence" in config["models"][source]["inputs"]
    return genome_file(wildcards) if reads else []


def training_mb(wildcards, attempt):
    """Memory: torch and a batch, the genome, and the fragments (about 30 bytes each)."""
    paths = [path for s in settings.samples for path in s.paths if not is_url(path)]
    genome = 4 * genome_mb()
    return int(attempt * (1800 + genome + 3 * megabytes(paths)))


def training_threads(wildcards):
    return settings.training(wildcards.model)["threads"]
