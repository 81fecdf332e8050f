"""Report: one page per cell type, an index of them, and what made the results."""


def templates(*names):
    return [str(Path(workflow.basedir) / f"report/{name}.html.j2") for name in names]


def vplot_names(cell_type):
    if not settings.samples_of(cell_type, "ATAC"):
        return []
    return config["vplots"]["sites"]


def panel_of(cell_type):
    labelled = any(label.cell_type == cell_type for label in settings.labels)
    return labelled and bool(settings.samples_of(cell_type, "ATAC"))


def profile_names(cell_type):
    if not settings.samples_of(cell_type, "MNase"):
        return []
    return config["nucleosomes"]["sites"]


def tasks_of_cell_type(cell_type):
    """The tasks that a report tells of: those with labels and models in this cell type."""
    tasks = {}
    for model, seed in RUNS:
        windows = config["models"][model]["windows"]
        name = config["windows"][windows]["task"]
        if cell_type in cell_types_of_model(model):
            leading = config["tasks"][name]["metric"]
            entry = {"windows": windows, "leading": leading, "runs": []}
            tasks.setdefault(name, entry)["runs"].append((model, seed))
    return tasks


def report_files(wildcards):
    """Everything that a report of a cell type shows."""
    cell_type, results = wildcards.cell_type, "<results>"
    tasks = tasks_of_cell_type(cell_type).values()
    files = [f"{results}/quality/{s.name}.json" for s in settings.samples_of(cell_type)]
    files += [f"{results}/quality/{cell_type}.lengths.png"]
    files += [
        f"{results}/vplots/{cell_type}/{name}.png" for name in vplot_names(cell_type)
    ]
    files += [f"{results}/vplots/{cell_type}/classes.png"] * panel_of(cell_type)
    for name in profile_names(cell_type):
        files += [
            f"{results}/nucleosomes/{cell_type}/{name}.{end}" for end in ("png", "json")
        ]
    files += [f"{results}/evaluation/metrics.tsv"] * bool(tasks)
    for task in tasks:
        files += [f"{results}/windows/{task['windows']}.json"]
        files += [f"{results}/figures/models.{task['windows']}.{cell_type}.png"]
        for model, seed in task["runs"]:
            files += [
                f"{results}/figures/confusion.{model}.seed-{seed}.{cell_type}.png"
            ]
            curve = f"{results}/figures/learning.{model}.seed-{seed}.png"
            files += [curve] * (model in NETWORKS)
    return files


def report_plan(wildcards):
    """What the report needs to know of the configuration."""
    cell_type = wildcards.cell_type
    return {
        "samples": [sample.name for sample in settings.samples_of(cell_type)],
        "vplots": {
            name: config["sites"][name]["title"] for name in vplot_names(cell_type)
        },
        "panel": panel_of(cell_type),
        "profiles": {
            name: config["sites"][name]["title"] for name in profile_names(cell_type)
        },
        "networks": NETWORKS,
        "titles": titles_of_models(),
        "tasks": tasks_of_cell_type(cell_type),
        "evaluation": config["evaluation"],
    }


rule report:
    """Write the report of one cell type."""
    input:
        files=report_files,
        template=templates("cell_type", "base"),
    output:
        "<results>/reports/{cell_type}.html",
    log:
        "<logs>/report/{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        plan=report_plan,
        results=subpath(output[0], ancestor=2),
        code=code_hash("report"),
    script:
        "../scripts/report.py"


rule provenance:
    """Write what the results were made from."""
    input:
        files=all_inputs,
        cards=[
            f"<results>/models/{model}/seed-{seed}/card.json" for model, seed in RUNS
        ],
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=60,
    params:
        config=config,
        runs=RUNS,
        code=code_hash("manifest"),
    script:
        "../scripts/provenance.py"


rule report_index:
    """Write the index of all reports."""
    input:
        reports=[
            f"<results>/reports/{cell_type}.html" for cell_type in settings.cell_types
        ],
        quality=[f"<results>/quality/{sample.name}.json" for sample in settings.samples],
        metrics="<results>/evaluation/metrics.tsv",
        template=templates("index", "base"),
    output:
        "<results>/reports/index.html",
    log:
        "<logs>/report_index.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        samples=[(sample.name, sample.cell_type) for sample in settings.samples],
        titles=titles_of_models(),
        leading={name: entry["metric"] for name, entry in config["tasks"].items()},
        code=code_hash("report"),
    script:
        "../scripts/report_index.py"


rule assays:
    input:
        [f"<results>/quality/{sample.name}.json" for sample in settings.samples],
        [
            f"<results>/tracks/{sample.name}.{track}.bw"
            for sample in settings.samples
            for track in TRACKS_OF_ASSAY[sample.assay]
        ],
        [
            f"<results>/quality/{cell_type}.lengths.png"
            for cell_type in settings.cell_types
        ],
        [
            f"<results>/vplots/{cell_type}/{name}.npz"
            for cell_type in settings.cell_types
            for name in [
                *vplot_names(cell_type),
                *(CLASS_SITES if panel_of(cell_type) else []),
            ]
        ],
        [
            f"<results>/nucleosomes/{cell_type}/{name}.tsv"
            for cell_type in settings.cell_types
            for name in profile_names(cell_type)
        ],
    """Everything that needs no model: check, fragments, tracks, quality, V-plots, nucleosomes."""
    localrule: True
