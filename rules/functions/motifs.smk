"""Functions of the rules that tell what networks read in the DNA."""


def classes_with_motifs(model):
    """The classes that are explained, as site sets ("task.class")."""
    chosen = config["motifs"]["classes"]
    return [
        f"{task.name}.{name}"
        for task in settings.tasks_of_model(model)
        if task.kind == "segmentation" and (chosen is None or task.name in chosen)
        for name in (task.classes if chosen is None else chosen[task.name])
    ]


def cell_types_with_motifs(model):
    """The cell types whose windows are explained."""
    labelled = settings.cell_types_of_windows(config["models"][model]["windows"])
    chosen = config["motifs"]["cell_types"]
    return [name for name in labelled if chosen is None or name in chosen]


def motif_folders():
    """{folder of what is told of a model and cell type: the classes}."""
    return {
        f"<results>/interpretation/{model}/{cell_type}/sequence": classes_with_motifs(
            model
        )
        for model in config["motifs"]["models"]
        for cell_type in cell_types_with_motifs(model)
    }


def motifs_of_all():
    return [
        f"{folder}/{name}.{what}"
        for folder, classes in motif_folders().items()
        for name in classes
        for what in ("motifs.png", "mutations.png")
    ]


def explained_seed(wildcards):
    return settings.seeds_of(wildcards.model)[0]


def explained_weights(wildcards):
    seed = explained_seed(wildcards)
    return f"<results>/models/{wildcards.model}/seed-{seed}/model.safetensors"


def explained_card(wildcards):
    seed = explained_seed(wildcards)
    return f"<results>/models/{wildcards.model}/seed-{seed}/card.json"


def explained_fragments(wildcards):
    """The stores of the samples of one cell type, in the order of the model's card."""
    samples = settings.samples_of_model(wildcards.model)
    own = [sample for sample in samples if sample.cell_type == wildcards.cell_type]
    return [f"<results>/fragments/{sample.name}.parquet" for sample in own]


def explained_class(wildcards):
    return CLASS_SITES[wildcards.sites]


def explained_title(wildcards):
    name = title_of_class(**CLASS_SITES[wildcards.sites])
    model = config["models"][wildcards.model]["title"]
    return f"{model}, {wildcards.cell_type}: {name}"


def known_motifs(wildcards):
    return existing([config["motifs"]["known"] or ""])
