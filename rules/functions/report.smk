"""Functions of the rules of reports: what a page shows, and which files that are."""


def templates(*names):
    return [str(Path(workflow.basedir) / f"report/{name}.html.j2") for name in names]


def tell_where_reports_are():
    """Say it on the terminal, where a run has made them."""
    index = Path(workflow.pathvars.apply("<results>/reports/index.html"))
    if index.is_file():
        print(f"Reports: {index}", file=sys.stderr)


def vplot_names(cell_type):
    if not settings.pooled_samples(cell_type, "ATAC", "paired"):
        return []
    return config["vplots"]["sites"]


def panel_of(cell_type):
    return bool(class_sites_of(cell_type)) and bool(
        settings.pooled_samples(cell_type, "ATAC", "paired")
    )


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
    files += [f"{results}/quality/{cell_type}.summary.json"]
    pictures = [f"{cell_type}.{name}.png" for name in figures_of_quality(cell_type)]
    pictures += deeptools_pictures(cell_type)
    files += [f"{results}/quality/{name}" for name in pictures]
    files += [
        f"{results}/vplots/{cell_type}/{name}.{end}"
        for name in vplot_names(cell_type)
        for end in ("png", "corrected.png")
    ]
    files += [f"{results}/vplots/{cell_type}/classes.png"] * panel_of(cell_type)
    for name in profile_names(cell_type):
        files += [
            f"{results}/nucleosomes/{cell_type}/{name}.{end}" for end in ("png", "json")
        ]
    files += [f"{results}/nucleosomes/{name}.json" for name in calls_of(cell_type)]
    pooled = bool(settings.pooled_samples(cell_type, "MNase"))
    files += [f"{results}/nucleosomes/{cell_type}/pooled.phasing.png"] * pooled
    files += truth_files(cell_type)
    files += [
        f"{results}/evaluation/{name}.tsv"
        for name in ("metrics", "replicates", "agreement")
        if tasks
    ]
    for task in tasks:
        files += [
            f"{results}/windows/{task['windows']}.{end}"
            for end in ("json", "pixels.tsv")
        ]
        files += [f"{results}/figures/models.{task['windows']}.{cell_type}.png"]
        for model, seed in task["runs"]:
            files += [
                f"{results}/figures/confusion.{model}.seed-{seed}.{cell_type}.png"
            ]
            files += [f"{results}/models/{model}/seed-{seed}/card.json"] * (
                model in ORACLES
            )
            curve = f"{results}/figures/learning.{model}.seed-{seed}.png"
            files += [curve] * (model in NETWORKS)
    return files


def report_plan(wildcards):
    """What the report needs to know of the configuration."""
    cell_type = wildcards.cell_type
    return {
        "samples": [sample.name for sample in settings.samples_of(cell_type)],
        "quality_figures": figures_of_quality(cell_type),
        "deeptools": deeptools_pictures(cell_type),
        "sequence": config["genome"]["fasta"] is not None,
        "vplots": {
            name: config["sites"][name]["title"] for name in vplot_names(cell_type)
        },
        "panel": panel_of(cell_type),
        "profiles": {
            name: config["sites"][name]["title"] for name in profile_names(cell_type)
        },
        "calls": calls_of(cell_type),
        "planted": bool(truth_files(cell_type)),
        "networks": NETWORKS,
        "oracles": ORACLES,
        "rivals": rivals(),
        "titles": titles_of_models(),
        "tasks": tasks_of_cell_type(cell_type),
        "evaluation": config["evaluation"],
        "simulated": any(map(is_simulated_sample, settings.samples_of(cell_type))),
    }
