"""Functions of the rules of models."""

# Models


def recipe(wildcards):
    return asdict(settings.recipe(wildcards.model))


def recipe_of_source(wildcards):
    return asdict(settings.recipe(settings.source_of(wildcards.model)))


def members_of(model):
    """The folders of the networks that an ensemble is made from."""
    source = settings.source_of(model)
    return [
        f"<results>/models/{source}/seed-{seed}" for seed in settings.seeds_of(source)
    ]


def predictions_of_members(wildcards):
    return [f"{folder}/predictions.parquet" for folder in members_of(wildcards.model)]


def cards_of_members(wildcards):
    return [f"{folder}/card.json" for folder in members_of(wildcards.model)]


def weights_of_source(wildcards):
    source = settings.source_of(wildcards.model)
    return f"<results>/models/{source}/seed-{wildcards.seed}/model.safetensors"


def card_of_source(wildcards):
    source = settings.source_of(wildcards.model)
    return f"<results>/models/{source}/seed-{wildcards.seed}/card.json"


def windows_of_source(wildcards):
    entry = config["models"][settings.source_of(wildcards.model)]
    return f"<results>/windows/{entry['windows']}.parquet"


def shares_places(wildcards):
    """Whether the splits of a model's windows share places: those by cell types do."""
    windows = config["models"][wildcards.model]["windows"]
    return config["windows"][windows]["split"]["by"] == "cell_types"


def fragments_of_model(wildcards):
    samples = settings.samples_of_model(wildcards.model)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def recipe_in_cell_type(wildcards):
    """The recipe with the samples of one cell type, to which the model is applied."""
    return asdict(settings.recipe(wildcards.model).of_cell_type(wildcards.cell_type))


def fragments_in_cell_type(wildcards):
    samples = recipe_in_cell_type(wildcards)["samples"]
    return [f"<results>/fragments/{sample}.parquet" for sample, _, _ in samples]


def windows_of_model(wildcards):
    return f"<results>/windows/{config['models'][wildcards.model]['windows']}.parquet"


def genome_of_model(wildcards):
    source = settings.source_of(wildcards.model)
    reads = "sequence" in config["models"][source]["inputs"]
    return genome_file(wildcards) if reads else []


def training_mb(wildcards, attempt):
    """Memory: torch and a batch, the genome, and the fragments (about 30 bytes each).

    80 are asked for: a BAM of few tags and qualities holds more of them than one would guess.
    """
    return model_mb(settings.samples, attempt)


def applying_mb(wildcards, attempt):
    """Memory, as of a training, of a job that reads the samples of one cell type."""
    own = [s for s in settings.samples if s.cell_type == wildcards.cell_type]
    return model_mb(own, attempt)


def model_mb(samples, attempt):
    fragments = 80 * million_fragments(samples)
    return int(attempt * (SNAKEMAKE_MB + 1800 + 2 * genome_mb() + fragments))


def baseline_threads(wildcards):
    """Trees grow on as many threads as networks train on; other baselines would use but one."""
    grows = wildcards.model in settings.models_of_kind("forest", "boosting")
    return settings.training(wildcards.model)["threads"] if grows else 1


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
