"""Figures of models and windows: confusion, comparison, reliability, composition, learning."""


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
        mem_mb=memory(500),
        runtime=minutes(10),
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
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        leading=metric_of_task,
        titles=titles_of_comparison,
        groups=groups_of_models(),
        code=code_of("comparison_figure"),
    script:
        "../scripts/comparison_figure.py"


rule modality_figure:
    """Draw what each input adds to the others in one task and cell type."""
    input:
        "<results>/evaluation/modalities.tsv",
    output:
        png=report(
            "<results>/figures/modalities.{windows}.{task}.{cell_type}.png",
            caption="../report/modalities.rst",
            category="Evaluation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "what inputs add on {windows}",
            },
        ),
        pdf="<results>/figures/modalities.{windows}.{task}.{cell_type}.pdf",
    log:
        "<logs>/modality_figure/{windows}.{task}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        leading=metric_of_task,
        code=code_of("modality_figure"),
    script:
        "../scripts/modality_figure.py"


rule transfer_figure:
    """Draw the transfer matrix of one window set and task."""
    input:
        "<results>/evaluation/transfer.tsv",
    output:
        png=report(
            "<results>/figures/transfer.{windows}.{task}.png",
            caption="../report/transfer.rst",
            category="Evaluation",
            labels={"task": "{task}", "figure": "transfer on {windows}"},
        ),
        pdf="<results>/figures/transfer.{windows}.{task}.pdf",
    log:
        "<logs>/transfer_figure/{windows}.{task}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        leading=metric_of_task,
        titles=titles_of_comparison,
        code=code_of("transfer_figure"),
    script:
        "../scripts/transfer_figure.py"


rule depth_figure:
    """Draw the scores of networks against depth in one task and cell type."""
    input:
        depth="<results>/evaluation/depth.tsv",
        agreement="<results>/evaluation/agreement.tsv",
    output:
        png=report(
            "<results>/figures/depth.{windows}.{task}.{cell_type}.png",
            caption="../report/depth.rst",
            category="Evaluation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "depth on {windows}",
            },
        ),
        pdf="<results>/figures/depth.{windows}.{task}.{cell_type}.pdf",
    log:
        "<logs>/depth_figure/{windows}.{task}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        leading=metric_of_task,
        titles=titles_of_comparison,
        code=code_of("depth_figure"),
    script:
        "../scripts/depth_figure.py"


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
        mem_mb=memory(500),
        runtime=minutes(10),
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
        mem_mb=memory(500),
        runtime=minutes(10),
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
        numbers="<results>/figures/learning.{model}.tsv",
    log:
        "<logs>/learning_curve/{model}.log",
    wildcard_constraints:
        model=one_of(NETWORKS),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        seeds=seeds_of_model,
        title=title_of_model,
        tasks=task_titles_of_model,
        code=code_of("learning_curve"),
    script:
        "../scripts/learning_curve.py"
