"""Evaluate: scores with intervals, confusion matrices and learning curves."""

RUNS = [
    (model, seed)
    for model, entry in config["models"].items()
    for seed in entry["seeds"]
]


def scores_of_runs(wildcards):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.scores.tsv" for model, seed in RUNS
    ]


def confusions_of_runs(wildcards):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.confusion.tsv"
        for model, seed in RUNS
    ]


def cell_types_of_model(model):
    """Cell types in which a model is scored: those with labels of its task."""
    task = config["windows"][config["models"][model]["windows"]]["task"]
    return [label.cell_type for label in settings.labels if label.task == task]


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


rule evaluate:
    """Score one trained model."""
    input:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
    output:
        scores="<results>/evaluation/{model}.seed-{seed}.scores.tsv",
        confusion="<results>/evaluation/{model}.seed-{seed}.confusion.tsv",
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
        code=code_hash("metrics"),
    script:
        "../scripts/evaluate.py"


rule metrics:
    input:
        scores=scores_of_runs,
        confusion=confusions_of_runs,
    output:
        metrics="<results>/evaluation/metrics.tsv",
        confusion="<results>/evaluation/confusion.tsv",
    log:
        "<logs>/metrics.log",
    """Gather the scores of all models in one tidy table."""
    localrule: True
    script:
        "../scripts/metrics.py"


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
        code=code_hash("figures"),
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
        code=code_hash("figures"),
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
        code=code_hash("figures"),
    script:
        "../scripts/learning_curve.py"


rule evaluation:
    input:
        "<results>/evaluation/metrics.tsv",
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
    """All scores and their figures."""
    localrule: True
