"""Reports: self-contained HTML pages, one per cell type, one of all windows, and an index."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from chrompute.igv_script import igv_script
from chrompute.interpretation_report import mistakes_content, used_content
from chrompute.manifest import code_facts
from chrompute.model_report import leading_text, model_rows
from chrompute.motif_report import motif_content
from chrompute.predictions import read_scores
from chrompute.quality_report import quality_content
from chrompute.report_pictures import CellTypePictures, Picture, find_picture
from chrompute.run_report import run_content
from chrompute.task_report import cell_type_windows, task_content
from chrompute.vplot_viewer import viewer_content
from chrompute.whole_files import write_text
from chrompute.windows_report import windows_content

#: Where the templates of pages lie, beside `scripts/`.
_TEMPLATES = Path(__file__).resolve().parents[2] / "report"


def filter_rows(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the filter counts of all samples: one row a heading that is not zero everywhere."""
    headings = list(dict.fromkeys(name for sample in samples for name in sample["filters"]))
    return [
        {"name": name.replace("_", " "), "cells": [s["filters"].get(name, 0) for s in samples]}
        for name in headings
        if any(sample["filters"].get(name, 0) for sample in samples)
    ]


def cell_type_content(
    plan: Mapping[str, Any], results: str | Path, cell_type: str
) -> dict[str, Any]:
    """Gather the variables of the template `cell_type.html.j2`.

    Parameters
    ----------
    plan
        What the configuration says: `samples`, `vplots` and `profiles` {site set: title},
        `calls` (files below `nucleosomes`, without their ends), `planted` (whether the calls were
        compared with planted nucleosomes), `quality_figures`, `deeptools`, `sequence`, `panel`,
        `viewer` {site set: title}, `networks`, `oracles`, `rivals`, `titles` {model: title},
        `task_titles` {task: title}, `classes` {task: {class: title}}, `applied` (as in
        `chrompute.comparison_report.centring_rows`), `folds` {model: its own fold}, `windows`
        {window set: its `candidates`, and its `tasks` {task: `runs` (model, seed), and whether
        they are `scored` here, also on fewer fragments (`depth`) and by the cell types that
        models were trained on (`transfer`)}}, `interpretation` (model and task of what was
        interpreted), `motifs` (`folder`, `sites` and `title` of what was read in the DNA),
        `browser` (whether there are loci to browse), `loci` (the block `report`), `evaluation` and
        `simulated`.
    results
        The results folder.
    cell_type
        The cell type.
    """
    results = Path(results)
    samples = [_read_json(results / "quality" / f"{name}.json") for name in plan["samples"]]
    page = CellTypePictures(results, cell_type)
    tasks = [
        task_content(windows, name, plan, results, cell_type, page.picture)
        for windows, entry in plan["windows"].items()
        for name in entry["tasks"]
    ]
    return {
        "cell_type": cell_type,
        "simulated": plan["simulated"],
        "samples": samples,
        "warnings": [(s["sample"], text) for s in samples for text in s["warnings"]],
        "filters": filter_rows(samples),
        "quality": quality_content(
            plan, samples, _read_json(results / f"quality/{cell_type}.summary.json"), page.picture
        ),
        "vplots": [
            picture
            for name, title in plan["vplots"].items()
            for picture in (page.vplot(name, title), page.corrected(name, title))
        ],
        "panels": [page.panel()] if plan["panel"] else [],
        "viewer": viewer_content(plan["viewer"], results / f"vplots/{cell_type}"),
        **_nucleosome_content(plan, page),
        "window_sets": cell_type_windows(plan["windows"], results, cell_type),
        "tasks": tasks,
        **_interpretation_content(plan, page, tasks),
        "browser": _browser_content(plan, page) if plan["browser"] else None,
        # The code is what writes this page, also where the facts of an earlier run stay.
        "run": run_content(
            _read_json(results / "reports/data/run.json") | code_facts(), plan["titles"]
        ),
    }


def _browser_content(plan: Mapping[str, Any], page: CellTypePictures) -> dict[str, Any]:
    """Return the loci that the page lets its reader browse, and igv.js."""
    data = _read_json(page.results / f"reports/data/{page.cell_type}.loci.json")
    chosen = plan["loci"]["loci"]
    return {
        "data": data,
        "loci": data["loci"],
        "flank": plan["loci"]["flank"],
        "why": "The places of report/loci."
        if chosen
        else "One window of each class, the one in the middle of their list.",
        "igv": igv_script(),
    }


def _interpretation_content(
    plan: Mapping[str, Any], page: CellTypePictures, tasks: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the page says of interpreted networks, and of which tasks it tells nothing."""
    titles, places = plan["task_titles"], (plan, page.results, page.cell_type)
    told = {task for _, task in plan["interpretation"]}
    scored = [task["name"] for task in tasks if not task["why"]]
    return {
        "untold": [titles[name] for name in dict.fromkeys(scored) if name not in told],
        "used": [
            {"task": titles[task]} | used_content(model, task, *places, page.picture)
            for model, task in plan["interpretation"]
        ],
        "motifs": [
            {"title": entry["title"]}
            | motif_content(entry["folder"], entry["sites"], page.results, page.picture)
            for entry in plan["motifs"]
        ],
        "mistakes": [
            {"task": titles[task]} | mistakes_content(model, task, *places)
            for model, task in plan["interpretation"]
        ],
    }


def _nucleosome_content(plan: Mapping[str, Any], page: CellTypePictures) -> dict[str, Any]:
    """Return what the page says of nucleosomes: calls, phasing and profiles at sites."""
    results, cell_type, pooled = page.results, page.cell_type, f"{page.cell_type}/pooled"
    planted = results / f"evaluation/nucleosomes.{cell_type}.json"
    return {
        "calls": [
            _read_json(results / f"nucleosomes/{name}.json")
            | {"name": "all pooled" if name == pooled else name}
            for name in plan["calls"]
        ],
        "planted": _read_json(planted) if plan["planted"] else None,
        "phasograms": [page.phasogram()] if pooled in plan["calls"] else [],
        "profiles": [
            {
                "assays": _read_json(results / f"nucleosomes/{cell_type}/{name}.json"),
                "picture": page.profile(name, title),
            }
            for name, title in plan["profiles"].items()
        ],
    }


def windows_page(
    sets: Mapping[str, Mapping[str, Any]], results: str | Path, simulated: bool
) -> dict[str, Any]:
    """Gather the variables of the template `windows.html.j2`.

    Parameters
    ----------
    sets
        {window set: its `candidates`, a block of the configuration}.
    results
        The results folder.
    simulated
        Whether the data are simulated.
    """
    results = Path(results)

    def picture(place: str, alt: str, caption: str) -> Picture:
        return find_picture(results, place, alt, caption)

    return {"sets": windows_content(sets, results, picture), "simulated": simulated}


def index_content(
    samples: Sequence[tuple[str, str]],
    quality: Sequence[str | Path],
    metrics: str | Path | None,
    tasks: Sequence[Mapping[str, Any]],
    rivals: Collection[str],
    windows: bool,
    simulated: bool = False,
) -> dict[str, Any]:
    """Gather the variables of the template `index.html.j2`.

    Parameters
    ----------
    samples
        (sample, cell type) of each line of the sheet.
    quality
        Their quality files, in the same order.
    metrics
        `metrics.tsv`, or None where there are no models.
    tasks
        Of each window set: `windows`, `task`, `title`, `leading` metric and `models` {model: how
        to call it}.
    rivals
        As in `chrompute.model_report.model_rows`.
    windows
        Whether there is a page of window sets.
    simulated
        Whether the data are simulated.
    """
    scores = None if metrics is None else read_scores(metrics)
    facts = [_read_json(Path(path)) for path in quality]
    rows = []
    for cell_type in dict.fromkeys(name for _, name in samples):
        own = [f for f, (_, name) in zip(facts, samples, strict=True) if name == cell_type]
        rows.append(
            {
                "cell_type": cell_type,
                "samples": len(own),
                "fragments": sum(f["fragments"] for f in own),
                "best": [] if scores is None else _best_models(scores, cell_type, tasks, rivals),
            }
        )
    return {
        "rows": rows, "scored": scores is not None, "windows": windows, "simulated": simulated,
    }  # fmt: skip


def _best_models(
    scores: pd.DataFrame,
    cell_type: str,
    tasks: Sequence[Mapping[str, Any]],
    rivals: Collection[str],
) -> list[str]:
    """Name the best model of each window set and task in one cell type."""
    best = []
    for entry in tasks:
        own = (scores["cell_type"] == cell_type) & (scores["task"] == entry["task"])
        chosen = scores[own & scores["model"].isin(entry["models"])]
        rows = model_rows(chosen, entry["models"], entry["leading"], rivals)
        best += [
            f"{entry['title']} ({entry['windows']}): {leading_text(row, entry['leading'])}"
            for row in rows
            if row["best"]
        ][:1]
    return best


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def page_template(name: str) -> Path:
    """Return where the template of a page lies, in the checkout of this library."""
    return _TEMPLATES / f"{name}.html.j2"


def render(template: str | Path, content: Mapping[str, Any], path: str | Path) -> None:
    """Fill a template and write the page; everything from data is escaped.

    Parameters
    ----------
    template
        A Jinja2 file; it may extend others in its folder.
    content
        Its variables; a missing one is an error.
    path
        The HTML to write.
    """
    template = Path(template)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_text(path, environment.get_template(template.name).render(content))
