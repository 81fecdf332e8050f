"""Evaluate: scores with intervals, agreement, gaps closed, confusion matrices, learning curves."""


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
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        evaluation=config["evaluation"],
        tasks=classes_of_model,
        train_on=taught_cell_types,
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


rule confusion_figure:
    """Draw the confusion matrix of one model in one task and cell type."""
    input:
        "<results>/evaluation/{model}.seed-{seed}.confusion.tsv",
    output:
        png=report(
            "<results>/figures/confusion.{model}.seed-{seed}.{task}.{cell_type}.png",
            caption="../report/confusion.rst",
            category="Evaluation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "confusion, {model}",
            },
        ),
        pdf="<results>/figures/confusion.{model}.seed-{seed}.{task}.{cell_type}.pdf",
    log:
        "<logs>/confusion_figure/{model}.{seed}.{task}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        task=title_of_task,
        classes=class_titles_of_task,
        titles=titles_of_models(),
        code=code_of("confusion_figure"),
    script:
        "../scripts/confusion_figure.py"


rule comparison_figure:
    """Draw the scores of all models of one window set in one task and cell type."""
    input:
        metrics="<results>/evaluation/metrics.tsv",
        agreement="<results>/evaluation/agreement.tsv",
    output:
        png=report(
            "<results>/figures/models.{windows}.{task}.{cell_type}.png",
            caption="../report/models.rst",
            category="Evaluation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "models on {windows}",
            },
        ),
        pdf="<results>/figures/models.{windows}.{task}.{cell_type}.pdf",
    log:
        "<logs>/comparison_figure/{windows}.{task}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        task=title_of_task,
        leading=metric_of_task,
        titles=titles_of_comparison,
        groups=groups_of_models(),
        code=code_of("comparison_figure"),
    script:
        "../scripts/comparison_figure.py"


rule composition_figure:
    """Draw which classes the windows of one task have, by cell type and split."""
    input:
        "<results>/windows/{windows}.json",
    output:
        png=report(
            "<results>/figures/composition.{windows}.{task}.png",
            caption="../report/composition.rst",
            category="Windows",
            labels={"task": "{task}", "figure": "classes of {windows}"},
        ),
        pdf="<results>/figures/composition.{windows}.{task}.pdf",
    log:
        "<logs>/composition_figure/{windows}.{task}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code_of("composition_figure"),
    script:
        "../scripts/composition_figure.py"


rule reliability_figure:
    """Draw how far the probabilities of all models of a window set can be believed."""
    input:
        reliability="<results>/evaluation/reliability.tsv",
        calibration="<results>/evaluation/calibration.tsv",
    output:
        png=report(
            "<results>/figures/reliability.{windows}.{task}.{cell_type}.png",
            caption="../report/reliability.rst",
            category="Evaluation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "reliability on {windows}",
            },
        ),
        pdf="<results>/figures/reliability.{windows}.{task}.{cell_type}.pdf",
    log:
        "<logs>/reliability_figure/{windows}.{task}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        task=title_of_task,
        titles=titles_of_comparison,
        code=code_of("reliability_figure"),
    script:
        "../scripts/reliability_figure.py"


rule learning_curve:
    """Draw the learning curves of one network, all seeds together."""
    input:
        histories_of_model,
    output:
        png=report(
            "<results>/figures/learning.{model}.png",
            caption="../report/learning.rst",
            category="Training",
            labels={"figure": "learning curve, {model}"},
        ),
        pdf="<results>/figures/learning.{model}.pdf",
    log:
        "<logs>/learning_curve/{model}.log",
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        seeds=seeds_of_model,
        title=title_of_model,
        tasks=task_titles_of_model,
        code=code_of("learning_curve"),
    script:
        "../scripts/learning_curve.py"


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
        [f"<results>/figures/learning.{model}.png" for model in NETWORKS],
    localrule: True
