"""Models on simulated data: scores against the truth, the oracle's bounds, and controls."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import binomtest

from chrompute.baselines import run_baseline
from chrompute.fragments import Fragments
from chrompute.recipe import Recipe, Stores
from chrompute.simulate.design import STATES, Design
from chrompute.simulate.experiment import draw_sample
from chrompute.simulate.genome import draw_genome, draw_loci
from chrompute.simulate.labels import draw_labels
from simulation_tools import RESULTS, read_facts, read_loci
from workflow_tools import change_config, run_snakemake

Truths = npt.NDArray[np.bool_]


def table_of(folder: Path, name: str, **how: Any) -> pd.DataFrame:
    return pd.read_csv(folder / RESULTS / name, sep="\t", **how)


def better(one: Truths, other: Truths) -> float:
    """Return how likely chance alone makes one set of hits so much better than the other."""
    only_one, only_other = int((one & ~other).sum()), int((~one & other).sum())
    if not only_one + only_other:
        return 1.0
    return float(binomtest(only_one, only_one + only_other, alternative="greater").pvalue)


def hits_of(folder: Path, model: str, labels: str) -> pd.DataFrame:
    """Return the test windows of a model, with a column `hit`: whether its call is the label."""
    path = folder / RESULTS / f"models/{model}/seed-1/predictions.parquet"
    table = pd.read_parquet(path).query("split == 'test'")
    called = table.filter(like="p:state:").idxmax(axis=1).str.removeprefix("p:state:")
    return table.assign(hit=called == table[f"label:state:{labels}"].astype(object))


def test_models_are_scored_against_the_truth_and_each_replicate(simulated: Path) -> None:
    loci = read_loci(simulated)
    scores = table_of(simulated, "evaluation/replicates.tsv").query(
        "metric == 'accuracy' and task == 'state'"
    )
    places = ["cell_type", "model", "labels"]
    shown = scores.groupby(places)["value"].mean()  # the report takes the seeds together
    scores = scores[scores["seed"] == 1].set_index(places)["value"]
    for model in ("majority", "forest", "oracle", "chrompute"):
        for labels in ("1", "2", "truth"):
            table = hits_of(simulated, model, labels)
            name = labels if labels == "truth" else f"replicate {labels}"
            for cell_type, own in table.groupby("cell_type"):
                value = scores[cell_type, model, name]
                assert value == pytest.approx(own["hit"].mean(), abs=1e-6)
                text = (simulated / RESULTS / f"reports/{cell_type}.html").read_text()
                assert f"<td>{shown[cell_type, model, name]:.3f}<small>" in text
                if labels == "truth":
                    here = loci[loci["chrom"] == "chr4"].sort_values("start")
                    row = np.searchsorted(here["start"], own["centre"], side="right") - 1
                    assert [*own["label:state:truth"]] == [*here[cell_type].iloc[row]]
    for cell_type in ("sim_A", "sim_B"):
        text = (simulated / RESULTS / f"reports/{cell_type}.html").read_text()
        assert "<th>replicate 1</th><th>replicate 2</th><th>truth</th>" in text
        assert "replicate agreement" in text


def test_the_oracle_lies_between_the_majority_and_the_noise_of_the_labels(simulated: Path) -> None:
    rules = read_facts(simulated, "simulation/truth/rules.json")
    chances = rules["label_given_state"]
    limit = sum(share * chances[name][name] for name, share in rules["state_frequency"].items())
    told = read_facts(simulated, "models/oracle/seed-1/card.json")["label_limit"]
    assert told == pytest.approx(limit, abs=1e-5)
    for labels in ("1", "2"):
        oracle, majority = (
            hits_of(simulated, name, labels)["hit"] for name in ("oracle", "majority")
        )
        assert better(oracle.to_numpy(), majority.to_numpy()) < 1e-6
        noise = 3 * np.sqrt(limit * (1 - limit) / len(oracle))
        assert oracle.mean() < limit + noise


def test_replicates_agree_as_often_as_asked_for(simulated: Path) -> None:
    same = []
    for cell_type in ("sim_A", "sim_B"):
        one, two = (
            table_of(simulated, f"simulation/{cell_type}.states.{replicate}.bed", header=None)[3]
            for replicate in ("1", "2")
        )
        same += [*(one == two)]
    wanted = read_facts(simulated, "simulation/truth/rules.json")["settings"]["agreement"]
    assert abs(np.mean(same) - wanted) < 3 * np.sqrt(wanted * (1 - wanted) / len(same))


def test_shuffled_labels_of_the_configuration_stay_at_the_majority(simulated: Path) -> None:
    path = simulated / "config.yaml"
    before = path.read_text()

    def add_control(config: dict[str, Any]) -> None:
        config["models"]["shuffled"] = config["models"]["forest"] | {"permute": ["labels"]}

    target = f"{RESULTS}/evaluation/shuffled.seed-1.replicates.tsv"
    try:
        change_config(simulated, add_control)
        result = run_snakemake(simulated, target)
    finally:
        path.write_text(before)
    assert result.returncode == 0, result.stdout[-3000:]
    scores = table_of(simulated, target.removeprefix(f"{RESULTS}/"))
    assert {"replicate 1", "replicate 2", "truth"} == set(scores["labels"])
    for labels in ("1", "2", "truth"):
        shuffled, majority, forest = (
            hits_of(simulated, name, labels)["hit"].to_numpy()
            for name in ("shuffled", "majority", "forest")
        )
        assert better(shuffled, majority) > 0.01
        assert better(forest, majority) < 0.01


@pytest.fixture(scope="module")
def permuted() -> Mapping[str, Truths]:
    """Hits of forests and their controls on the truth of the held-out windows of 4 Mb.

    MNase is shallow here, so that the V-plot has a part of its own to lose.
    """
    design = Design(
        seed=7, chromosomes=4, chromosome_length=1_000_000, depth={"ATAC": 66, "MNase": 20}
    )  # fmt: skip
    loci = draw_loci(design)
    genome, _ = draw_genome(design, loci)
    stores: Stores = {}
    for name, assay, inward in (("vplot", "ATAC", 4), ("mnase", "MNase", 0)):
        drawn = draw_sample(design, genome, "sim_A", assay, assay).values()
        chrom = np.repeat(np.arange(4), [starts.size for starts, _ in drawn])
        starts, ends = (np.concatenate([pair[side] for pair in drawn]) for side in (0, 1))
        store = Fragments.from_intervals(design.sizes, chrom, starts + inward, ends - inward)
        stores[name] = {"sim_A": store}
    centre = (loci["start"] + loci["end"]) // 2
    columns = {
        "chrom": loci["chrom"],
        "centre": centre,
        "start": centre - 1000,
        "end": centre + 1001,
    }
    windows = pd.DataFrame(columns).assign(cell_type="sim_A")
    windows["split"] = np.where(loci["chrom"].isin(["chr1", "chr2"]), "train", "test")
    for replicate in ("1", "2"):
        windows[f"state.{replicate}"] = draw_labels(loci, "sim_A", replicate, design)
    windows["state.truth"] = loci["sim_A"]
    inside = (windows["start"] >= 0) & (windows["end"] <= design.chromosome_length)
    windows = windows[inside].reset_index(drop=True)
    forest = {"trees": 100, "min_leaf": 3}
    features = {"length_edges": [0, 100, 160, 240, 400], "position_bin": 100}
    images = {"normalise": "depth", "min_length": 0, "max_length": 400}

    def hits(kind: str, inputs: tuple[str, ...], permute: tuple[str, ...] = ()) -> Truths:
        recipe = Recipe(
            "m", kind, {"state": STATES}, "w", 2001, inputs, (), ("sim_A",),
            images=images, network={}, training={}, features=features,
            baseline=forest, permute=permute,
        )  # fmt: skip
        table, _ = run_baseline(recipe, windows, {name: stores[name] for name in inputs}, 1, 2)
        called = table.filter(like="p:state:").idxmax(axis=1).str.removeprefix("p:state:")
        return (called == table["label:state:truth"]).to_numpy()

    both = ("vplot", "mnase")
    return {
        "majority": hits("majority", ()),
        "vplot": hits("forest", ("vplot",)),
        "mnase": hits("forest", ("mnase",)),
        "both": hits("forest", both),
        "shuffled": hits("forest", ("vplot",), ("labels",)),
        "vplot permuted": hits("forest", ("vplot",), ("vplot",)),
        "both, vplot permuted": hits("forest", both, ("vplot",)),
        "both, mnase permuted": hits("forest", both, ("mnase",)),
    }


def test_a_permuted_input_loses_its_part(permuted: Mapping[str, Truths]) -> None:
    """The forests see what is there, so that controls that see it too would show."""
    for model, control in (
        ("vplot", "majority"),
        ("vplot", "shuffled"),
        ("vplot", "vplot permuted"),
        ("both", "mnase"),
        ("both", "both, vplot permuted"),
    ):
        assert better(permuted[model], permuted[control]) < 0.01, (model, control)


def test_no_permuted_input_leaks(permuted: Mapping[str, Truths]) -> None:
    """Nothing is left of what was permuted; the features without meaning may cost a little."""
    for control, bound in (
        ("shuffled", "majority"),
        ("vplot permuted", "majority"),
        ("both, vplot permuted", "mnase"),
        ("both, mnase permuted", "vplot"),
    ):
        assert better(permuted[control], permuted[bound]) > 0.01, (control, bound)
        lost = permuted[bound].mean() - permuted[control].mean()
        assert lost < 3 * np.sqrt(0.5 / permuted[bound].size), (control, bound)
