"""Functions of the rules of the paper set: which figures there are, and what each one reads."""


def paper_vplots(cell_type):
    sites = class_sites_of(cell_type)
    yield f"vplots.{cell_type}", {
        "kind": "vplots",
        "width": "double",
        "files": [f"<results>/vplots/{cell_type}/{name}.npz" for name in sites],
        "given": {
            "titles": [title_of_class(**CLASS_SITES[name]) for name in sites],
            "title": f"{cell_type}: ATAC V-plots by class",
        },
    }


def paper_nucleosomes(cell_type):
    for sites in profile_names(cell_type):
        place = f"<results>/nucleosomes/{cell_type}/{sites}"
        yield f"nucleosomes.{cell_type}.{sites}", {
            "kind": "nucleosomes",
            "width": "single",
            "files": [f"{place}.tsv", f"{place}.json"],
            "given": {"title": f"{cell_type}: {config['sites'][sites]['title']}"},
        }


def paper_layers():
    for model, cell_type, task in interpreted():
        folder = f"<results>/interpretation/{model}/{cell_type}"
        yield f"layers.{model}.{task}.{cell_type}", {
            "kind": "layers",
            "width": "double",
            "files": [f"{folder}/{task}.loci.npz"],
            "given": {
                "titles": dict(settings.task(task).titles),
                "title": f"{cell_type}, {config['models'][model]['title']}",
            },
        }


def paper_motifs():
    for model, cell_type, sites in explained_dna():
        place = f"<results>/{folder_of_dna(model, cell_type)}/{sites}"
        yield f"motifs.{model}.{sites}.{cell_type}", {
            "kind": "motifs",
            "width": "double",
            "files": [f"{place}.{end}.tsv" for end in ("logos", "motifs", "matches")],
            "given": {"title": title_of_dna(model, cell_type, sites)},
        }


def paper_tables(*names):
    return [f"<results>/evaluation/{name}.tsv" for name in names]


def paper_scores(windows, task, cell_type):
    """Figures of one window set, task and cell type."""
    place = {"windows": windows, "task": task, "cell_type": cell_type}
    models, entry = models_of_task(windows, task), settings.task(task)
    given = {
        "place": place,
        "titles": {name: config["models"][name]["title"] for name in models},
        "leading": entry.metric,
        "groups": groups_of_models(),
        "title": f"{cell_type}, {entry.title}",
    }
    end = f"{windows}.{task}.{cell_type}"
    double = {"width": "double", "given": given}
    files = paper_tables("metrics", "agreement")
    yield f"models.{end}", {"kind": "models", "files": files, **double}
    files = paper_tables("reliability", "calibration")
    yield f"calibration.{end}", {"kind": "calibration", "files": files, **double}
    if depth_figure_of(windows, task, cell_type):
        files = paper_tables("depth", "agreement")
        yield f"depth.{end}", {"kind": "depth", "files": files, **double}
    for model in models:
        if model in NETWORKS:
            seed = settings.seeds_of(model)[0]
            title = f"{cell_type}, {entry.title}: {config['models'][model]['title']}"
            own = {"place": place, "titles": dict(entry.titles), "title": title}
            yield f"confusion.{model}.{task}.{cell_type}", {
                "kind": "confusion",
                "width": "single",
                "files": paper_tables(f"{model}.seed-{seed}.confusion"),
                "given": own,
            }


def paper_transfer(windows, task):
    models, entry = models_of_task(windows, task), settings.task(task)
    trained_on = {str(config["models"][name].get("train_on")) for name in models}
    if len(trained_on) < 2 or len(scored_cell_types(windows, task)) < 2:
        return
    yield f"transfer.{windows}.{task}", {
        "kind": "transfer",
        "width": "double",
        "files": paper_tables("transfer"),
        "given": {
            "place": {"windows": windows, "task": task},
            "titles": {name: config["models"][name]["title"] for name in models},
            "leading": entry.metric,
            "title": f"{entry.title}: trained on the row, tested on the column",
        },
    }


def paper_set():
    """{figure: `kind`, `width`, `files` and what else it needs} of the whole paper set."""
    found = [*paper_layers(), *paper_motifs()]
    for cell_type in settings.cell_types:
        if panel_of(cell_type):
            found += paper_vplots(cell_type)
        found += paper_nucleosomes(cell_type)
    for place in comparisons():
        found += paper_scores(*place)
    for windows, task in dict.fromkeys(place[:2] for place in comparisons()):
        found += paper_transfer(windows, task)
    return dict(found)


PAPER = paper_set()
