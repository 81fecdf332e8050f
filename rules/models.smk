"""Models: baselines and networks, straight from the fragment stores."""


rule baseline:
    """Fit a baseline and predict the windows that tune and test."""
    input:
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=genome_of_model,
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
    threads: baseline_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(60),
    params:
        recipe=recipe,
        code=code_of("baseline"),
    script:
        "../scripts/baseline.py"


rule train:
    """Train a network and predict the windows that tune and test."""
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
    priority: 1  # it takes longest, and most other jobs need nothing of it
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=processes_mb,
        runtime=minutes(720),
        gpu=training_gpus,
    params:
        recipe=recipe,
        results=subpath(output.weights, ancestor=4),
        code=code_of("train"),
    script:
        "../scripts/train.py"


rule ensemble:
    """Average the predictions of all seeds of a network."""
    input:
        predictions=predictions_of_members,
        cards=cards_of_members,
    output:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
        card="<results>/models/{model}/seed-{seed}/card.json",
    log:
        "<logs>/ensemble/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/ensemble/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(ENSEMBLES),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=20),
        runtime=minutes(20),
    params:
        recipe=recipe,
        code=code_of("ensemble"),
    script:
        "../scripts/ensemble.py"


rule apply:
    """Predict the windows of another window set that tune and test with a trained network."""
    input:
        weights=weights_of_source,
        card=card_of_source,
        windows=windows_of_model,
        trained=windows_of_source,
        fragments=fragments_of_model,
        genome=genome_of_model,
    output:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
        card="<results>/models/{model}/seed-{seed}/card.json",
    log:
        "<logs>/apply/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/apply/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(APPLIED),
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(60),
        gpu=config["gpus"],
    params:
        recipe=recipe,
        source=recipe_of_source,
        shared=shares_places,
        code=code_of("apply"),
    script:
        "../scripts/apply.py"
