"""Functions of the rules that evaluate."""

from dataclasses import asdict

from chrompute.calibration_shifts import Taught
from chrompute.model_groups import group_of, in_groups
from chrompute.model_pairs import Candidate, modality_pairs

#: Tables of the scores of a run, and how the tables of all runs are called.
TABLES_OF_RUNS = {
    "scores": "metrics",
    **{name: name for name in ("replicates", "confusion", "classes", "class_scores")},
    **{name: name for name in ("calibration", "reliability")},
}


def tables_of_runs(name):
    return [
        f"<results>/evaluation/{model}.seed-{seed}.{name}.tsv" for model, seed in RUNS
    ]


def split_tables_of_runs(name):
    """Those on held-out windows of all models, and of networks those on training windows."""
    folder = "<results>/evaluation/splits"
    training = [
        f"{folder}/{model}.seed-{seed}.train.{name}.tsv"
        for model, seed in RUNS
        if model in NETWORKS and not config["models"][model]["permute"]
    ]
    return training + [
        f"{folder}/{model}.seed-{seed}.{name}.tsv" for model, seed in RUNS
    ]


def fitted_model(model):
    """The model that was fitted: that of an ensemble or an applied model, or the model itself."""
    while (of := config["models"][model]["of"]) is not None:
        model = of
    return model


def taught_of_model(wildcards):
    """What `chrompute.calibration_shifts.Taught` holds of a model."""
    return asdict(Taught.from_recipe(settings.recipe(wildcards.model)))


def predictions_of_runs(wildcards):
    return [
        f"<results>/models/{model}/seed-{seed}/predictions.parquet"
        for model, seed in RUNS
    ]


def rivals():
    """Models of a comparison: no oracles, controls, or models that test on a fold of their own."""
    models = config["models"]
    return [
        name
        for name, entry in models.items()
        if entry["kind"] != "oracle"
        and not models[settings.source_of(name)]["permute"]
        and not models[settings.source_of(name)]["fold"]
    ]


def metrics_of_all():
    """The tables of the scores of all models, where there are models."""
    names = TABLES_OF_RUNS.values() if RUNS else ()
    return [f"<results>/evaluation/{name}.tsv" for name in names]


def split_tables_of_all():
    """The tables of the scores on every split, where there are models."""
    names = TABLES_OF_RUNS.values() if RUNS else ()
    return [f"<results>/evaluation/splits/{name}.tsv" for name in names]


def gap_of_all():
    """The table of the gaps that models close, where there are models."""
    return ["<results>/evaluation/gap.tsv"] if RUNS else []


def agreement_of_all():
    """The tables of how far replicates agree, where there are windows."""
    return [
        f"<results>/evaluation/{name}.tsv"
        for name in ("agreement", "agreement_classes")
        if config["windows"]
    ]


def all_windows(wildcards):
    return [f"<results>/windows/{name}.parquet" for name in config["windows"]]


def classes_of_windows(wildcards):
    """{window set: {task: its classes, none for a signal}}, in the order of `all_windows`."""
    return {
        name: {
            task.name: list(task.classes) for task in settings.tasks_of_windows(name)
        }
        for name in config["windows"]
    }


def scored_tasks(model):
    """The tasks of a model that have classes."""
    return [task for task in settings.tasks_of_model(model) if task.classes]


def classes_of_model(wildcards):
    """{task: its classes} of one model."""
    return {task.name: list(task.classes) for task in scored_tasks(wildcards.model)}


def leading_of_tasks(wildcards):
    """{task: its classes and the metric that it names} of all models."""
    tasks = [task for model, _ in RUNS for task in scored_tasks(model)]
    return {task.name: (list(task.classes), task.metric) for task in tasks}


def runs_of_gap(wildcards):
    """What `chrompute.gap.Run` holds of each run but its predictions."""
    return [
        {"model": model, "seed": seed} | footing_of_model(model) for model, seed in RUNS
    ]


def footing_of_model(model):
    recipe = settings.recipe(model)
    return {
        "kind": recipe.kind,
        "windows": recipe.windows,
        "assays": tuple(sorted(set(recipe.inputs) - {"sequence"})),
        "train_on": tuple(sorted(recipe.train_on)),
        "fold": recipe.fold,
        "control": bool(recipe.permute),
        "sequence": "sequence" in recipe.inputs,
        "own_images": settings.has_own_images(model),
        "tasks": tuple(task.name for task in scored_tasks(model)),
    }


def classes_of_tasks(wildcards):
    """{task: its classes} of all models."""
    return {name: classes for name, (classes, _) in leading_of_tasks(wildcards).items()}


def candidates():
    """What `chrompute.differences.Candidate` holds of each model."""
    return [
        {
            "model": name,
            "kind": entry["kind"],
            "inputs": tuple(config["models"][fitted_model(name)]["inputs"]),
            "windows": entry["windows"],
            "fold": entry["fold"],
            "tasks": tuple(task.name for task in scored_tasks(name)),
            "setup": {
                "train_on": sorted(settings.training_cell_types(fitted_model(name))),
                "network": entry["network"],
                "training": entry["training"],
                "images": entry["images"],
                "samples": entry["samples"],
                "features": settings.recipe(name).features,
                "baseline": settings.recipe(name).baseline,
            },
            "control": bool(entry["permute"]),
        }
        for name, entry in config["models"].items()
    ]


def differences_of_all():
    """The tables of differences between models, where there are models."""
    names = ("modalities", "oracles")
    return [f"<results>/evaluation/{name}.tsv" for name in names] if RUNS else []


def tables_of_comparisons():
    """Models in pairs, and the transfer matrix, where there are models."""
    names = ("comparisons", "transfer")
    return [f"<results>/evaluation/{name}.tsv" for name in names] if RUNS else []


def unseen_chromosomes(wildcards):
    """{window set: whether its test windows lie on chromosomes that nothing is trained on}."""
    return {
        name: entry["split"]["by"] in ("chromosomes", "folds")
        for name, entry in config["windows"].items()
    }


def transfer_figures():
    """One for each window set and task that models are scored in."""
    places = dict.fromkeys((windows, task) for windows, task, _ in comparisons())
    return [
        f"<results>/figures/transfer.{windows}.{task}.png" for windows, task in places
    ]


def models_of_depth():
    """The networks whose scores are told against depth."""
    named = config["depth"]["models"]
    return [
        model
        for model in (NETWORKS if named is None else named)
        if scored_tasks(model)
        and not config["models"][model]["permute"]
        and {*config["models"][model]["inputs"]} - {"sequence"}
    ]


def depths_of_models(wildcards):
    """The tables of their first seeds."""
    return [
        f"<results>/evaluation/{model}.seed-{settings.seeds_of(model)[0]}.depth.tsv"
        for model in models_of_depth()
    ]


def depth_figure_of(windows, task, cell_type):
    """Whether scores against depth are told of a task in a cell type."""
    told = {*models_of_depth()} & {*models_of_task(windows, task)}
    return bool(told) and (windows, task, cell_type) in comparisons()


def depth_of_all():
    """The table and figures of scores against depth, where there are such networks."""
    figures = [
        f"<results>/figures/depth.{windows}.{task}.{cell_type}.png"
        for windows, task, cell_type in comparisons()
        if depth_figure_of(windows, task, cell_type)
    ]
    return [*figures, "<results>/evaluation/depth.tsv"] if figures else []


def evaluation_tables():
    """All tables of the evaluation that this run makes."""
    of_models = [
        *metrics_of_all(),
        *split_tables_of_all(),
        *gap_of_all(),
        *differences_of_all(),
        *tables_of_comparisons(),
    ]
    depth = ["<results>/evaluation/depth.tsv"] * bool(depth_of_all())
    return [*agreement_of_all(), *of_models, *depth]


def evaluation_json():
    """The same tables as JSON, for programs."""
    return [path.replace(".tsv", ".json") for path in evaluation_tables()]


def modality_figures(windows, task, cell_type):
    """The figure of what inputs add, where networks differ in one input and in nothing else."""
    pairs = modality_pairs([Candidate(**facts) for facts in candidates()])
    there = any(pair.windows == windows and task in pair.tasks for pair in pairs)
    return [f"<results>/figures/modalities.{windows}.{task}.{cell_type}.png"] * there


def scored_cell_types(windows, task):
    """Cell types with labels of a task that have windows in the split that is evaluated."""
    split, scored = config["windows"][windows]["split"], config["evaluation"]["split"]
    labelled = settings.labelled_cell_types(task)
    if split["by"] == "cell_types":
        return [name for name in labelled if name in (split[scored] or ())]
    held_out = split["unseen"] if scored == "valid" else ()
    return [name for name in labelled if name not in held_out]


def comparisons():
    """Window set, task and cell type of every comparison of models."""
    found = {
        (config["models"][model]["windows"], task.name): None
        for model, _ in RUNS
        for task in scored_tasks(model)
    }
    return [
        (windows, task, cell_type)
        for windows, task in found
        for cell_type in scored_cell_types(windows, task)
    ]


def confusion_figures():
    """One for each network and oracle, of its first seed; without any, one for each model.

    The reports show the matrices of all models; figures of others are drawn when asked for.
    """
    chosen = settings.models_of_kind("network", "ensemble", "applied", "oracle")
    return [
        f"<results>/figures/confusion.{model}.seed-{settings.seeds_of(model)[0]}.{task.name}.{cell_type}.png"
        for model in chosen or config["models"]
        for task in scored_tasks(model)
        for cell_type in scored_cell_types(
            config["models"][model]["windows"], task.name
        )
    ]


def titles_of_models():
    return {name: entry["title"] for name, entry in config["models"].items()}


def groups_of_models():
    """{model: the group among which tables and figures show it}."""
    return {
        name: group_of(
            entry["kind"],
            config["models"][fitted_model(name)]["inputs"],
            bool(entry["permute"]),
        )
        for name, entry in config["models"].items()
    }


def models_of_task(windows, task):
    """The models of a window set that predict a task, group by group."""
    models = [
        name
        for name, entry in config["models"].items()
        if entry["windows"] == windows
        and task in (own.name for own in scored_tasks(name))
    ]
    return in_groups(models, groups_of_models())


def titles_of_comparison(wildcards):
    models = models_of_task(wildcards.windows, wildcards.task)
    return {name: config["models"][name]["title"] for name in models}


def metric_of_task(wildcards):
    return settings.task(wildcards.task).metric


def title_of_task(wildcards):
    return settings.task(wildcards.task).title


def class_titles_of_task(wildcards):
    return dict(settings.task(wildcards.task).titles)


def histories_of_model(wildcards):
    return [
        f"<results>/models/{wildcards.model}/seed-{seed}/history.tsv"
        for seed in seeds_of_model(wildcards)
    ]


def seeds_of_model(wildcards):
    return config["models"][wildcards.model]["seeds"]


def title_of_model(wildcards):
    return config["models"][wildcards.model]["title"]


def task_titles_of_model(wildcards):
    return {task.name: task.title for task in scored_tasks(wildcards.model)}
