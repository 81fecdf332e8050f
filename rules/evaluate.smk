"""Evaluate: scores with intervals, confusion matrices and learning curves."""


rule evaluate:
    """Score one trained model."""
    input:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
    output:
        scores="<results>/evaluation/{model}.seed-{seed}.scores.tsv",
        replicates="<results>/evaluation/{model}.seed-{seed}.replicates.tsv",
        confusion="<results>/evaluation/{model}.seed-{seed}.confusion.tsv",
        classes="<results>/evaluation/{model}.seed-{seed}.classes.tsv",
    log:
        "<logs>/evaluate/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/evaluate/{model}.{seed}.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        evaluation=config["evaluation"],
        task=task_of_model,
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
    output:
        metrics="<results>/evaluation/metrics.tsv",
        replicates="<results>/evaluation/replicates.tsv",
        confusion="<results>/evaluation/confusion.tsv",
        classes="<results>/evaluation/classes.tsv",
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
        windows=windows_of_runs,
    output:
        "<results>/evaluation/agreement.tsv",
    log:
        "<logs>/agreement.log",
    benchmark:
        "<benchmarks>/agreement.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        tasks=classes_of_runs,
        evaluation=config["evaluation"],
        code=code_of("agreement"),
    script:
        "../scripts/agreement.py"


rule confusion_figure:
    """Draw the confusion matrix of one model in one cell type."""
    input:
        "<results>/evaluation/{model}.seed-{seed}.confusion.tsv",
    output:
        png=report(
            "<results>/figures/confusion.{model}.seed-{seed}.{cell_type}.png",
            caption="../report/confusion.rst",
            category="Evaluation",
            labels={"cell type": "{cell_type}", "figure": "confusion, {model}"},
        ),
        pdf="<results>/figures/confusion.{model}.seed-{seed}.{cell_type}.pdf",
    log:
        "<logs>/confusion_figure/{model}.{seed}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        task=task_of_model,
        titles=titles_of_models(),
        code=code_of("confusion_figure"),
    script:
        "../scripts/confusion_figure.py"


rule comparison_figure:
    """Draw the scores of all models of one window set in one cell type."""
    input:
        "<results>/evaluation/metrics.tsv",
    output:
        png=report(
            "<results>/figures/models.{windows}.{cell_type}.png",
            caption="../report/models.rst",
            category="Evaluation",
            labels={"cell type": "{cell_type}", "figure": "models on {windows}"},
        ),
        pdf="<results>/figures/models.{windows}.{cell_type}.pdf",
    log:
        "<logs>/comparison_figure/{windows}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        titles=titles_of_windows,
        code=code_of("comparison_figure"),
    script:
        "../scripts/comparison_figure.py"


rule learning_curve:
    """Draw the learning curve of one network."""
    input:
        "<results>/models/{model}/seed-{seed}/history.tsv",
    output:
        png=report(
            "<results>/figures/learning.{model}.seed-{seed}.png",
            caption="../report/learning.rst",
            category="Training",
            labels={"figure": "learning curve, {model}"},
        ),
        pdf="<results>/figures/learning.{model}.seed-{seed}.pdf",
    log:
        "<logs>/learning_curve/{model}.{seed}.log",
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        titles=titles_of_models(),
        code=code_of("learning_curve"),
    script:
        "../scripts/learning_curve.py"


rule evaluation:
    """All scores and their figures."""
    input:
        metrics_of_all(),
        agreement_of_all(),
        [
            f"<results>/figures/confusion.{model}.seed-{seed}.{cell_type}.png"
            for model, seed in RUNS
            for cell_type in cell_types_of_model(model)
        ],
        [
            f"<results>/figures/models.{config['models'][model]['windows']}.{cell_type}.png"
            for model, _ in RUNS
            for cell_type in cell_types_of_model(model)
        ],
        [
            f"<results>/figures/learning.{model}.seed-{seed}.png"
            for model, seed in RUNS
            if model in NETWORKS
        ],
    localrule: True
