"""Models: baselines and networks, straight from the fragment stores."""

from dataclasses import asdict


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
    paths = [path for sample in settings.samples for path in sample.paths]
    genome = 4 * megabytes([config["genome"]["fasta"]])
    return int(attempt * (1800 + genome + 3 * megabytes(paths)))


def training_threads(wildcards):
    return settings.training(wildcards.model)["threads"]


rule baseline:
    """Fit a baseline and predict the windows of all splits but train."""
    input:
        windows=windows_of_model,
        fragments=fragments_of_model,
    output:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
        card="<results>/models/{model}/seed-{seed}/card.json",
    log:
        "<logs>/baseline/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/baseline/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(BASELINES),
    conda:
        "../envs/models.yaml"
    threads: 2
    resources:
        mem_mb=training_mb,
        runtime=60,
    params:
        recipe=recipe,
        code=code_hash("baselines", "recipe", "predictions"),
    script:
        "../scripts/baseline.py"


rule train:
    """Train a network and predict the windows of all splits but train."""
    input:
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=genome_of_model,
    output:
        weights="<results>/models/{model}/seed-{seed}/model.safetensors",
        card="<results>/models/{model}/seed-{seed}/card.json",
        history="<results>/models/{model}/seed-{seed}/history.tsv",
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
    log:
        "<logs>/train/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/train/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=720,
        gpu=config["gpus"],
    params:
        recipe=recipe,
        results=subpath(output.weights, ancestor=4),
        code=code_hash("runs"),
    script:
        "../scripts/train.py"
