"""Functions of the rules that interpret networks."""

from chrompute.interpreted import interpreted_models


def first_run(model):
    """The folder of a network's first seed: others look alike."""
    return f"<results>/models/{model}/seed-{config['models'][model]['seeds'][0]}"


def weights_of_first(wildcards):
    return f"{first_run(wildcards.model)}/model.safetensors"


def card_of_first(wildcards):
    return f"{first_run(wildcards.model)}/card.json"


def predictions_of_first(wildcards):
    return f"{first_run(wildcards.model)}/predictions.parquet"


def interpreted():
    """Model, cell type and task of everything that is interpreted."""
    return [
        (model, cell_type, task.name)
        for model in interpreted_models(config)
        for task in scored_tasks(model)
        for cell_type in scored_cell_types(
            config["models"][model]["windows"], task.name
        )
    ]


def interpreted_tasks(wildcards):
    """Tasks of one model that are interpreted in one cell type."""
    return [
        task
        for model, cell_type, task in interpreted()
        if (model, cell_type) == (wildcards.model, wildcards.cell_type)
    ]


def loci_of_quiz(wildcards):
    folder = f"<results>/interpretation/{wildcards.model}/{wildcards.cell_type}"
    return [f"{folder}/{task}.loci.npz" for task in interpreted_tasks(wildcards)]


def folders_of_quiz(wildcards):
    folder = f"<results>/interpretation/{wildcards.model}/{wildcards.cell_type}"
    return [f"{folder}/{task}.loci" for task in interpreted_tasks(wildcards)]


def titles_of_quiz(wildcards):
    """{task: how it and its classes are called}."""
    tasks = [settings.task(name) for name in interpreted_tasks(wildcards)]
    return {
        task.name: {"title": task.title, "titles": dict(task.titles)} for task in tasks
    }


def is_simulated_cell_type(wildcards):
    return any(map(is_simulated_sample, settings.samples_of(wildcards.cell_type)))


def interpretation_files():
    """Everything that is found out about networks."""
    folder, files = "<results>/interpretation", []
    for model, cell_type, task in interpreted():
        place = f"{folder}/{model}/{cell_type}"
        files += [f"{place}/{task}.attributions.png", f"{place}/quiz.html"]
        files += [
            f"{folder}/{model}/{end}"
            for end in (f"embedding.{task}.png", "mistakes.tsv")
        ]
    return list(dict.fromkeys(files))
