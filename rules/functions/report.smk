"""Functions of the rules of reports: what a page shows, and which files that are."""


def templates(*names):
    return [Path(workflow.basedir) / f"report/{name}.html.j2" for name in names]


def page_parts(*names):
    """Templates of a page, and the style and scripts that are put into every page."""
    folder = Path(workflow.basedir) / "report/page"
    return [*templates(*names, "base"), *sorted(folder.glob("*.*"))]


SECTIONS = (
    *("quality", "chromatin", "windows_of_cell_type", "models", "used", "wrong"),
    *("run",),
)


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


def window_sets_of(cell_type):
    """The window sets and tasks that a report tells of: those with labels in this cell type."""
    found = {}
    for windows, entry in config["windows"].items():
        tasks = {
            task: {
                "runs": [
                    (model, seed)
                    for model in models_of_task(windows, task)
                    for seed in config["models"][model]["seeds"]
                ],
                "scored": cell_type in scored_cell_types(windows, task),
                "depth": depth_figure_of(windows, task, cell_type),
                "transfer": len(scored_cell_types(windows, task)) > 1,
            }
            for task in entry["tasks"]
            if cell_type in settings.labelled_cell_types(task)
        }
        if tasks:
            found[windows] = {"candidates": entry["candidates"], "tasks": tasks}
    return found


def viewer_of(cell_type):
    """The V-plots that a reader can look into, and how they are called."""
    sites = {name: config["sites"][name]["title"] for name in vplot_names(cell_type)}
    classes = class_sites_of(cell_type) if panel_of(cell_type) else []
    return sites | {name: title_of_class(**CLASS_SITES[name]) for name in classes}


def interpreted_here(cell_type):
    """Model and task of what was interpreted in one cell type, if reports show it."""
    return [
        (model, task)
        for model, name, task in interpreted()
        if name == cell_type and config["interpret"]["report"]
    ]


def interpretation_of(cell_type):
    """The files that a report shows of it."""
    files = []
    for model, task in interpreted_here(cell_type):
        folder = f"<results>/interpretation/{model}"
        files += [f"{folder}/mistakes.tsv", f"{folder}/embedding.{task}.png"]
        ends = (*("attributions.png", "bands.tsv", "completeness.tsv"),)
        files += [f"{folder}/{cell_type}/{task}.{end}" for end in ends]
        files += [f"{folder}/{cell_type}/{task}.{end}" for end in ("loci.npz", "loci")]
        files += [f"{folder}/{cell_type}/quiz.html"]
    return [*files, *motifs_of_report(cell_type)]


def files_of_windows(windows, entry, cell_type):
    """What a report shows of one window set: facts, and the figures of its tasks."""
    files = [f"<results>/windows/{windows}.{end}" for end in ("json", "pixels.tsv")]
    for task, own in entry["tasks"].items():
        if not own["scored"]:
            continue
        figures = [f"{name}.{windows}" for name in ("models", "reliability")]
        figures += [f"depth.{windows}"] * own["depth"]
        files += modality_figures(windows, task, cell_type)
        transfer = bool(own["runs"]) and own["transfer"]
        files += [f"<results>/figures/transfer.{windows}.{task}.png"] * transfer
        for name in figures * bool(own["runs"]):
            files += [f"<results>/figures/{name}.{task}.{cell_type}.png"]
        for model, seed in own["runs"]:
            files += [f"<results>/models/{model}/seed-{seed}/card.json"] * (
                model in ORACLES
            )
            curve = f"<results>/figures/learning.{model}.png"
            files += [curve] * (model in NETWORKS)
    return files


def composition_figures():
    return [
        f"<results>/figures/composition.{windows}.{task}.png"
        for windows, entry in config["windows"].items()
        for task in entry["tasks"]
    ]


def window_pages():
    """The page of all window sets, where there are any."""
    return ["<results>/reports/windows.html"] if config["windows"] else []


def candidates_of_windows():
    """{window set: where it is centred, as the configuration says}."""
    return {
        name: {"candidates": entry["candidates"]}
        for name, entry in config["windows"].items()
    }


def tasks_of_index():
    """Window set, task, leading metric and models of each line of the index."""
    pairs = [
        (windows, task)
        for windows in config["windows"]
        for task in settings.tasks_of_windows(windows)
    ]
    return [
        {
            "windows": windows,
            "task": task.name,
            "title": task.title,
            "leading": task.metric,
            "models": {
                name: config["models"][name]["title"]
                for name in models_of_task(windows, task.name)
            },
        }
        for windows, task in pairs
    ]


def applied_models():
    """Models that are applied to another window set than their network's, with both."""
    found = {}
    for name, entry in config["models"].items():
        if entry["kind"] == "applied":
            network = config["models"][entry["of"]]
            found[name] = {
                "of": entry["of"],
                "title": network["title"],
                "windows": entry["windows"],
                "of_windows": network["windows"],
            }
    return found


def report_files(wildcards):
    """Everything that a report of a cell type shows."""
    cell_type, results = wildcards.cell_type, "<results>"
    sets = window_sets_of(cell_type)
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
    files += [
        f"{results}/vplots/{cell_type}/{name}.npz" for name in viewer_of(cell_type)
    ]
    for name in profile_names(cell_type):
        files += [
            f"{results}/nucleosomes/{cell_type}/{name}.{end}" for end in ("png", "json")
        ]
    files += [f"{results}/nucleosomes/{name}.json" for name in calls_of(cell_type)]
    pooled = bool(settings.pooled_samples(cell_type, "MNase"))
    files += [f"{results}/nucleosomes/{cell_type}/pooled.phasing.png"] * pooled
    files += truth_files(cell_type)
    tables = [*metrics_of_all(), *agreement_of_all(), *gap_of_all()]
    tables += [*differences_of_all(), *tables_of_comparisons()]
    files += tables * bool(sets)
    for windows, entry in sets.items():
        files += files_of_windows(windows, entry, cell_type)
    files += [*interpretation_of(cell_type), *browser_of(cell_type)]
    return [*files, f"{results}/reports/data/run.json"]


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
        "viewer": viewer_of(cell_type),
        "profiles": {
            name: config["sites"][name]["title"] for name in profile_names(cell_type)
        },
        "calls": calls_of(cell_type),
        "planted": bool(truth_files(cell_type)),
        "networks": NETWORKS,
        "oracles": ORACLES,
        "rivals": rivals(),
        "titles": titles_of_models(),
        "applied": applied_models(),
        "folds": {
            name: config["models"][settings.source_of(name)]["fold"]
            for name in config["models"]
            if config["models"][settings.source_of(name)]["fold"]
        },
        "windows": window_sets_of(cell_type),
        "task_titles": {name: settings.task(name).title for name in config["tasks"]},
        "classes": {name: dict(settings.task(name).titles) for name in config["tasks"]},
        "interpretation": interpreted_here(cell_type),
        "motifs": motifs_here(cell_type),
        "browser": bool(browser_of(cell_type)),
        "loci": config["report"],
        "evaluation": config["evaluation"],
        "simulated": any(map(is_simulated_sample, settings.samples_of(cell_type))),
    }
