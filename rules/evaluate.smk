"""Evaluate: scores with intervals, calibration, agreement, gaps closed, differences."""


rule evaluate:
    """Score one trained model."""
    input:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
    output:
        **{
            name: f"<results>/evaluation/{{model}}.seed-{{seed}}.{name}.tsv"
            for name in TABLES_OF_RUNS
        },
        **{
            f"{name}_of_splits": f"<results>/evaluation/splits/{{model}}.seed-{{seed}}.{name}.tsv"
            for name in TABLES_OF_RUNS
        },
    log:
        "<logs>/evaluate/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}.{seed}.jsonl"
    priority: 1  # what a long run has finished can be looked at
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, per_mb=20),
        runtime=minutes(30),
    params:
        evaluation=config["evaluation"],
        tasks=classes_of_model,
        taught=taught_of_model,
        code=code_of("evaluate"),
    script:
        "../scripts/evaluate.py"


rule metrics:
    """Gather the scores of all models in tidy tables."""
    input:
        **{name: tables_of_runs(part) for part, name in TABLES_OF_RUNS.items()},
    output:
        **{name: f"<results>/evaluation/{name}.tsv" for name in TABLES_OF_RUNS.values()},
    log:
        "<logs>/metrics.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        code=code_of("metrics"),
    script:
        "../scripts/metrics.py"


use rule metrics as split_metrics with:
    input:
        **{name: split_tables_of_runs(part) for part, name in TABLES_OF_RUNS.items()},
    output:
        **{
            name: f"<results>/evaluation/splits/{name}.tsv"
            for name in TABLES_OF_RUNS.values()
        },
    log:
        "<logs>/split_metrics.log",


rule agreement:
    """Compare the replicates of all labels on the windows that models are scored on."""
    input:
        windows=all_windows,
    output:
        overall="<results>/evaluation/agreement.tsv",
        classes="<results>/evaluation/agreement_classes.tsv",
    log:
        "<logs>/agreement.log",
    benchmark:
        "<benchmarks>/agreement.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=20),
        runtime=minutes(30),
    params:
        tasks=classes_of_windows,
        evaluation=config["evaluation"],
        code=code_of("agreement"),
    script:
        "../scripts/agreement.py"


rule gap:
    """Write how much of the gap from forest to replicate agreement each model closes."""
    input:
        predictions=predictions_of_runs,
    output:
        "<results>/evaluation/gap.tsv",
    log:
        "<logs>/gap.log",
    benchmark:
        "<benchmarks>/gap.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, per_mb=20),
        runtime=minutes(60),
    params:
        runs=runs_of_gap,
        tasks=leading_of_tasks,
        evaluation=config["evaluation"],
        code=code_of("gap"),
    script:
        "../scripts/gap.py"


rule differences:
    """Write what each modality adds to the others, and how far models stay behind the oracles."""
    input:
        predictions=predictions_of_runs,
    output:
        modalities="<results>/evaluation/modalities.tsv",
        oracles="<results>/evaluation/oracles.tsv",
    log:
        "<logs>/differences.log",
    benchmark:
        "<benchmarks>/differences.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, per_mb=20),
        runtime=minutes(60),
    params:
        runs=RUNS,
        candidates=candidates(),
        tasks=classes_of_tasks,
        evaluation=config["evaluation"],
        code=code_of("differences"),
    script:
        "../scripts/differences.py"


rule comparisons:
    """Compare every two models on equal windows."""
    input:
        predictions=predictions_of_runs,
    output:
        "<results>/evaluation/comparisons.tsv",
    log:
        "<logs>/comparisons.log",
    benchmark:
        "<benchmarks>/comparisons.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(2500, per_mb=20),
        runtime=minutes(120),
    params:
        runs=RUNS,
        candidates=candidates(),
        tasks=leading_of_tasks,
        evaluation=config["evaluation"],
        code=code_of("comparisons"),
    script:
        "../scripts/comparisons.py"


rule transfer:
    """Write how models do in cell types that they are and are not trained on."""
    input:
        "<results>/evaluation/metrics.tsv",
    output:
        "<results>/evaluation/transfer.tsv",
    log:
        "<logs>/transfer.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        candidates=candidates(),
        unseen=unseen_chromosomes,
        code=code_of("transfer"),
    script:
        "../scripts/transfer.py"


rule training_scores:
    """Score a network on windows that it was trained on, in every way."""
    input:
        weights="<results>/models/{model}/seed-{seed}/model.safetensors",
        card="<results>/models/{model}/seed-{seed}/card.json",
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=genome_of_model,
    output:
        **{
            name: f"<results>/evaluation/splits/{{model}}.seed-{{seed}}.train.{name}.tsv"
            for name in TABLES_OF_RUNS
        },
    log:
        "<logs>/training_scores/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/training_scores/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(60),
        gpu=config["gpus"],
    params:
        recipe=recipe,
        evaluation=config["evaluation"],
        tasks=classes_of_model,
        code=code_of("training_scores"),
    script:
        "../scripts/training_scores.py"


rule depth:
    """Score a network from fewer and fewer fragments of the windows that are scored."""
    input:
        weights="<results>/models/{model}/seed-{seed}/model.safetensors",
        card="<results>/models/{model}/seed-{seed}/card.json",
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=genome_of_model,
    output:
        "<results>/evaluation/{model}.seed-{seed}.depth.tsv",
    log:
        "<logs>/depth/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/depth/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(120),
        gpu=config["gpus"],
    params:
        recipe=recipe,
        fractions=config["depth"]["fractions"],
        evaluation=config["evaluation"],
        tasks=classes_of_model,
        code=code_of("depth"),
    script:
        "../scripts/depth.py"


rule depth_table:
    """Gather the scores against depth of all networks."""
    input:
        depth=depths_of_models,
    output:
        depth="<results>/evaluation/depth.tsv",
    log:
        "<logs>/depth_table.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        code=code_of("metrics"),
    script:
        "../scripts/metrics.py"


rule tables_json:
    """Write the tables of the evaluation as JSON."""
    input:
        evaluation_tables(),
    output:
        evaluation_json(),
    log:
        "<logs>/tables_json.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        code=code_of("tables_json"),
    script:
        "../scripts/tables_json.py"


rule evaluation:
    """All scores and their figures."""
    input:
        evaluation_tables(),
        transfer_figures(),
        depth_of_all(),
        evaluation_json(),
        confusion_figures(),
        [
            f"<results>/figures/{name}.{windows}.{task}.{cell_type}.png"
            for windows, task, cell_type in comparisons()
            for name in ("models", "reliability")
        ],
        [figure for place in comparisons() for figure in modality_figures(*place)],
        [f"<results>/figures/learning.{model}.png" for model in NETWORKS],
    localrule: True
