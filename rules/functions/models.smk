"""Functions of the rules of models and evaluation."""

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


def training_threads(wildcards):
    return settings.training(wildcards.model)["threads"]


# Evaluate


def tables_of_runs(name):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.{name}.tsv" for model, seed in RUNS
    ]


def scores_of_runs(wildcards):
    return tables_of_runs("scores")


def replicates_of_runs(wildcards):
    return tables_of_runs("replicates")


def confusions_of_runs(wildcards):
    return tables_of_runs("confusion")


def classes_of_scores(wildcards):
    return tables_of_runs("classes")


def rivals():
    """Models of a comparison; oracles and controls stand beside it as references."""
    return [
        name
        for name, entry in config["models"].items()
        if entry["kind"] != "oracle" and not entry["permute"]
    ]


def metrics_of_all():
    """The table of all scores, where there are models."""
    return ["<results>/evaluation/metrics.tsv"] if RUNS else []


def agreement_of_all():
    """The table of how far replicates agree, where there are models."""
    return ["<results>/evaluation/agreement.tsv"] if RUNS else []


def tasks_of_runs():
    """{task: its window set} of all models."""
    names = [config["models"][model]["windows"] for model, _ in RUNS]
    return {config["windows"][name]["task"]: name for name in names}


def windows_of_runs(wildcards):
    return [f"<results>/windows/{name}.parquet" for name in tasks_of_runs().values()]


def classes_of_runs(wildcards):
    """{task: its classes}, in the order of `windows_of_runs`."""
    return {task: list(config["tasks"][task]["classes"]) for task in tasks_of_runs()}


def cell_types_of_model(model):
    """Cell types in which a model is scored: those with labels of its task."""
    task = config["windows"][config["models"][model]["windows"]]["task"]
    return settings.labelled_cell_types(task)


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
