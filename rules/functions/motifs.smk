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


def explained_dna():
    """Model, cell type and class ("task.class") of all that is read in the DNA."""
    return [
        (model, cell_type, sites)
        for model in config["motifs"]["models"]
        for cell_type in cell_types_with_motifs(model)
        for sites in classes_with_motifs(model)
    ]


def folder_of_dna(model, cell_type):
    return f"interpretation/{model}/{cell_type}/sequence"


def motifs_of_all():
    return [
        f"<results>/{folder_of_dna(model, cell_type)}/{sites}.{end}.png"
        for model, cell_type, sites in explained_dna()
        for end in ("motifs", "mutations")
    ]


def motifs_here(cell_type):
    """What a report tells of the DNA in one cell type."""
    return [
        {
            "folder": folder_of_dna(model, name),
            "sites": sites,
            "title": title_of_dna(model, name, sites),
        }
        for model, name, sites in explained_dna()
        if name == cell_type and config["motifs"]["report"]
    ]


def motifs_of_report(cell_type):
    """The files that a report shows of it."""
    ends = ("motifs.png", "mutations.png", "motifs.tsv", "matches.tsv", "windows.tsv")
    return [
        f"<results>/{entry['folder']}/{entry['sites']}.{end}"
        for entry in motifs_here(cell_type)
        for end in ends
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


def title_of_dna(model, cell_type, sites):
    name = title_of_class(**CLASS_SITES[sites])
    return f"{config['models'][model]['title']}, {cell_type}: {name}"


def explained_title(wildcards):
    return title_of_dna(wildcards.model, wildcards.cell_type, wildcards.sites)


def known_motifs(wildcards):
    return existing([config["motifs"]["known"] or ""])
