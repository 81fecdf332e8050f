"""Evaluate: scores with intervals, calibration, agreement, gaps closed, differences."""


rule evaluate:
    """Score one trained model."""
    input:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
    output:
        scores="<results>/evaluation/{model}.seed-{seed}.scores.tsv",
        replicates="<results>/evaluation/{model}.seed-{seed}.replicates.tsv",
        confusion="<results>/evaluation/{model}.seed-{seed}.confusion.tsv",
        classes="<results>/evaluation/{model}.seed-{seed}.classes.tsv",
        calibration="<results>/evaluation/{model}.seed-{seed}.calibration.tsv",
        reliability="<results>/evaluation/{model}.seed-{seed}.reliability.tsv",
    log:
        "<logs>/evaluate/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}.{seed}.jsonl"
    priority: 1  # what a long run has finished can be looked at
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
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
        metrics=scores_of_runs,
        replicates=replicates_of_runs,
        confusion=confusions_of_runs,
        classes=classes_of_scores,
        calibration=calibrations_of_runs,
        reliability=reliabilities_of_runs,
    output:
        metrics="<results>/evaluation/metrics.tsv",
        replicates="<results>/evaluation/replicates.tsv",
        confusion="<results>/evaluation/confusion.tsv",
        classes="<results>/evaluation/classes.tsv",
        calibration="<results>/evaluation/calibration.tsv",
        reliability="<results>/evaluation/reliability.tsv",
    log:
        "<logs>/metrics.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code_of("metrics"),
    script:
        "../scripts/metrics.py"


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
        mem_mb=2000,
        runtime=30,
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
        mem_mb=1500,
        runtime=60,
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
        mem_mb=1500,
        runtime=60,
    params:
        runs=RUNS,
        candidates=candidates(),
        tasks=classes_of_tasks,
        evaluation=config["evaluation"],
        code=code_of("differences"),
    script:
        "../scripts/differences.py"


rule evaluation:
    """All scores and their figures."""
    input:
        metrics_of_all(),
        agreement_of_all(),
        gap_of_all(),
        differences_of_all(),
        confusion_figures(),
        [
            f"<results>/figures/{name}.{windows}.{task}.{cell_type}.png"
            for windows, task, cell_type in comparisons()
            for name in ("models", "reliability")
        ],
        [figure for place in comparisons() for figure in modality_figures(*place)],
        [f"<results>/figures/learning.{model}.png" for model in NETWORKS],
    localrule: True
