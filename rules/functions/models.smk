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
    reads = "sequence" in config["models"][wildcards.model]["inputs"]
    return genome_file(wildcards) if reads else []


def training_mb(wildcards, attempt):
    """Memory: torch and a batch, the genome, and the fragments (about 30 bytes each)."""
    paths = [path for s in settings.samples for path in s.paths if not is_url(path)]
    genome = 4 * genome_mb()
    return int(attempt * (1800 + genome + 3 * megabytes(paths)))


def processes_mb(wildcards, attempt):
    """Memory: each of the processes that share the batches has the data for itself."""
    return (
        training_mb(wildcards, attempt) * settings.training(wildcards.model)["devices"]
    )


def training_threads(wildcards):
    training = settings.training(wildcards.model)
    return training["threads"] * training["devices"]


def training_gpus(wildcards):
    """GPUs: none, or as many as `gpus` says for each process."""
    return config["gpus"] * settings.training(wildcards.model)["devices"]
