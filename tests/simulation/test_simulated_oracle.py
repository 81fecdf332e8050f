"""Labels with mistakes, the oracle, and the faults of configurations that simulate."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import nbinom

from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.label_sheet import LabelFile
from chrompute.recipe import Recipe
from chrompute.sheets import Sample
from chrompute.simulate import oracle
from chrompute.simulate import templates as templates_module
from chrompute.simulate.design import STATES, Design
from chrompute.simulate.experiment import draw_sample
from chrompute.simulate.genome import draw_genome, draw_loci, locus_centres
from chrompute.simulate.labels import confusion_of_labels, draw_labels, state_frequency
from chrompute.simulate.products import is_simulated, simulation_faults, simulation_folder
from helpers import ROOT

MOTIFS = str(ROOT / "config/demo/motifs.meme")
WIDE = Design(seed=2, motifs=MOTIFS)
LOCI = draw_loci(WIDE)
FREQUENCY = state_frequency(LOCI, WIDE)
#: Loci of a state are equal and deeply sequenced: the states can be told.
CLEAR = Design(
    seed=2,
    chromosomes=2,
    chromosome_length=300_000,
    overlap=0.0,
    depth={"ATAC": 80.0, "MNase": 80.0},
    factors={"one": ("GATA1", "FOS::JUN", "REST"), "two": ("SPI1", "CEBPA", "YY1")},
    motifs=MOTIFS,
)


def windows_of(design: Design) -> pd.DataFrame:
    """Return a window at each locus and cell type, with its true state."""
    loci = draw_loci(design)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "cell_type": name,
                    "chrom": loci["chrom"],
                    "centre": locus_centres(loci),
                    "state": loci[name],
                    "kind": loci["kind"],
                }
            )
            for name in design.factors
        ],
        ignore_index=True,
    )


def store_of(design: Design, cell_type: str, assay: str) -> Fragments:
    """Return the two samples of a cell type as the fragments stage stores and pools them."""
    genome, _ = draw_genome(design, draw_loci(design))
    inward = 4 if assay == "ATAC" else 0
    chroms, starts, ends = [], [], []
    for name in ("1", "2"):
        fragments = draw_sample(design, genome, cell_type, assay, f"{cell_type}_{name}")
        for code, (low, high) in enumerate(fragments.values()):
            chroms.append(np.full(low.size, code))
            starts.append(low + inward)
            ends.append(high - inward)
    joined = (np.concatenate(parts) for parts in (chroms, starts, ends))
    return Fragments.from_intervals(design.sizes, *joined)


@pytest.mark.parametrize("agreement", [0.7, 0.88, 1.0])
def test_replicates_agree_as_often_as_asked_for(agreement: float) -> None:
    design = replace(WIDE, agreement=agreement)
    equal = np.concatenate(
        [
            draw_labels(LOCI, name, "1", design) == draw_labels(LOCI, name, "2", design)
            for name in design.factors
        ]
    )
    error = np.sqrt(agreement * (1 - agreement) / equal.size)
    assert abs(equal.mean() - agreement) <= 4 * error
    # By the matrix itself: both replicates have the same label, whatever the truth.
    confusion = confusion_of_labels(FREQUENCY, agreement)
    assert FREQUENCY @ (confusion**2).sum(axis=1) == pytest.approx(agreement, abs=1e-9)


def test_labels_follow_the_confusion_matrix() -> None:
    design = replace(WIDE, agreement=0.75)
    confusion = confusion_of_labels(FREQUENCY, 0.75)
    counts = np.zeros((8, 8))
    for name in design.factors:
        for replicate in "1234":
            found = draw_labels(LOCI, name, replicate, design)
            table = pd.crosstab(LOCI[name].to_numpy(), found)
            counts += table.reindex(index=STATES, columns=STATES, fill_value=0).to_numpy()
    number = counts.sum(axis=1, keepdims=True)
    error = np.sqrt(confusion * (1 - confusion) / number)
    assert (np.abs(counts / number - confusion) <= 4.5 * error).all()
    assert ((counts == 0) == (confusion == 0)).all()


def test_confusion_is_one_rate_of_mistakes_among_states_that_look_alike() -> None:
    confusion = pd.DataFrame(confusion_of_labels(FREQUENCY, 0.88), STATES, STATES)
    assert confusion.sum(axis=1).to_numpy() == pytest.approx(1)
    right = np.diag(confusion)
    assert right == pytest.approx(right[0])
    # More often right than two replicates, both of which may be wrong, agree.
    assert 0.88 < right[0] < np.sqrt(0.88)
    assert (confusion_of_labels(FREQUENCY, 1.0) == np.eye(8)).all()
    weak = confusion.loc["weak_enhancer"]
    assert weak["quiescent"] == pytest.approx(3 * weak["strong_enhancer"])
    assert confusion.loc["insulator", "repressed"] == 0
    assert oracle.label_limit(WIDE) == pytest.approx(right[0])


@pytest.mark.parametrize("agreement", [0.05, 1.01])
def test_impossible_agreement_is_refused(agreement: float) -> None:
    with pytest.raises(InputError, match=r"agreement .* must be from 0\.3[0-9] to 1; correct it"):
        confusion_of_labels(FREQUENCY, agreement)


def test_the_limit_of_labels_is_what_the_truth_itself_scores() -> None:
    right = np.concatenate(
        [
            draw_labels(LOCI, name, replicate, WIDE) == LOCI[name].to_numpy()
            for name in WIDE.factors
            for replicate in "12"
        ]
    )
    limit = oracle.label_limit(WIDE)
    assert abs(right.mean() - limit) < 4 * np.sqrt(limit * (1 - limit) / right.size)


def random_templates(rng: np.random.Generator) -> templates_module.Templates:
    """Three templates of each state on images of 6 and of 4 pixels."""
    prior = rng.dirichlet(np.ones(3), 8).ravel()
    shapes = {
        name: np.log(rng.dirichlet(np.full(pixels, 2.0), 24)).astype(np.float32)
        for name, pixels in (("vplot", 6), ("mnase", 4))
    }
    return templates_module.Templates(
        np.repeat(np.arange(8), 3),
        np.log(prior),
        shapes,
        {name: rng.uniform(20, 90, 24) for name in shapes},
        {name: rng.uniform(2, 30, 24) for name in shapes},
    )


def test_likelihoods_are_those_of_the_probability_model() -> None:
    rng = np.random.default_rng(4)
    templates = random_templates(rng)
    frequency = rng.dirichlet(np.ones(8))
    images = {
        name: rng.poisson(9, (5, shape.shape[1])).astype(np.float32)
        for name, shape in templates.shapes.items()
    }
    found = templates_module.state_likelihoods(templates, images, frequency)
    expected = np.zeros((5, 8))
    for window in range(5):
        for state in range(8):
            terms = []
            for template in np.flatnonzero(templates.state == state):
                term = templates.log_prior[template]
                for name, counts in images.items():
                    usual = sum(
                        frequency[code] * np.exp(prior) * mean
                        for code, prior, mean in zip(
                            templates.state, templates.log_prior, templates.means[name], strict=True
                        )
                    )
                    mean = templates.means[name][template] * counts.sum(axis=1).mean() / usual
                    shape = templates.spreads[name][template]
                    number = counts[window].sum()
                    term += nbinom.logpmf(number, shape, shape / (shape + mean))
                    term += counts[window] @ templates.shapes[name][template]
                terms.append(term)
            expected[window, state] = logsumexp(terms)
    # What is the same under all states does not matter.
    found, expected = (values - values[:, :1] for values in (found, expected))
    assert found == pytest.approx(expected, abs=1e-3)


def test_a_power_makes_the_oracle_say_how_sure_it_is() -> None:
    """Chosen on an experiment of its own, it lessens the log loss on another."""
    design = replace(WIDE, chromosomes=2, chromosome_length=200_000)
    templates = templates_module.learn_templates(design, ["vplot"])
    power = oracle.choose_power(templates, design, ["vplot"], sequence=True)
    assert 0 < power < 1
    other = replace(design, seed=99)
    windows, stores = oracle.draw_experiment(other, ["vplot"])
    images = {"vplot": templates_module.window_images(stores["vplot"], windows, "vplot")}
    true = pd.Index(STATES).get_indexer(windows["state"])
    priors = np.log(oracle.state_priors(other, windows, sequence=True))
    losses = []
    for weight in (power, 1.0):
        joint = priors + weight * templates_module.state_likelihoods(templates, images, FREQUENCY)
        joint -= logsumexp(joint, axis=1, keepdims=True)
        losses.append(-joint[np.arange(len(true)), true].mean())
    assert losses[0] < losses[1]


def test_likelihoods_prefer_the_template_that_made_an_image() -> None:
    rng = np.random.default_rng(6)
    templates = random_templates(rng)
    made = rng.integers(0, 24, 600)
    images = {}
    for name, shapes in templates.shapes.items():
        number = nbinom.rvs(
            templates.spreads[name][made],
            templates.spreads[name][made] / (templates.spreads[name] + templates.means[name])[made],
            random_state=rng,
        )
        shares = np.exp(shapes[made].astype(float))
        shares /= shares.sum(axis=1, keepdims=True)
        images[name] = rng.multinomial(number, shares).astype(np.float32)
    frequency = np.full(8, 1 / 8)
    scores = templates_module.state_likelihoods(templates, images, frequency)
    right = scores.argmax(axis=1) == templates.state[made]
    assert right.mean() > 0.85
    # Probabilities are honest: windows are right as often as they say.
    probabilities = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    said = probabilities.max(axis=1)
    assert abs(right.mean() - said.mean()) < 0.04


@pytest.fixture(scope="module")
def clear() -> tuple[pd.DataFrame, templates_module.Templates, dict[str, np.ndarray]]:
    """Windows, templates and images of an experiment whose states are clear."""
    windows = windows_of(CLEAR)
    stores = {name: store_of(CLEAR, name, "ATAC") for name in CLEAR.factors}
    images = {"vplot": templates_module.window_images(stores, windows, "vplot")}
    return windows, templates_module.learn_templates(CLEAR, ["vplot"]), images


def test_templates_are_probabilities(
    clear: tuple[pd.DataFrame, templates_module.Templates, dict[str, np.ndarray]],
) -> None:
    templates = clear[1]
    # 8 groups of loci, 2 orientations, 21 places; 30 length rows of 101 columns.
    assert len(templates.state) == 8 * 8 * 2 * 21
    for state in range(8):
        mine = templates.state == state
        assert np.exp(templates.log_prior[mine]).sum() == pytest.approx(1)
    shares = np.exp(templates.shapes["vplot"].astype(float))
    assert shares.shape == (len(templates.state), 30 * 101)
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-3)
    # Both orientations of one place are mirror images of each other.
    image = shares.reshape(8 * 8, 2, 21, 30, 101)
    assert np.allclose(image[:, 0, 10], image[:, 1, 10, :, ::-1], rtol=1e-4)


def test_a_template_of_an_element_to_the_right_shows_it_to_the_right() -> None:
    wide = np.zeros((1, 3, 121))
    wide[0, 1, 60], wide[0, 1, 63] = 10, 5  # the element, and what lies downstream of it
    steps = np.array([-10, 0, 7])
    images = np.exp(templates_module._all_shifts(wide, steps)).reshape(2, 3, 3, 101)
    for turned, sign in ((0, 1), (1, -1)):
        for index, step in enumerate(steps):
            row = images[turned, index, 1]
            assert row.argmax() == 50 + step
            # Smoothed by one pixel, the second peak stands beside the first one.
            assert row[50 + step + 3 * sign] > 5 * row[50 + step - 3 * sign]


def test_an_easy_experiment_is_solved(
    clear: tuple[pd.DataFrame, templates_module.Templates, dict[str, np.ndarray]],
) -> None:
    windows, templates, images = clear
    frequency = state_frequency(draw_loci(CLEAR), CLEAR)
    priors = oracle.state_priors(CLEAR, windows, sequence=False)
    truth = pd.Index(STATES).get_indexer(windows["state"])
    found = templates_module.state_likelihoods(templates, images, frequency) + np.log(priors)
    right = found.argmax(axis=1) == truth
    assert right.mean() > 0.95
    for state in ("insulator", "active_promoter", "transcribed"):
        assert right[truth == STATES.index(state)].mean() > 0.95
    # What it knows comes from the images: those of other windows say nothing.
    order = np.random.default_rng(0).permutation(len(windows))
    mixed = templates_module.state_likelihoods(
        templates, {"vplot": images["vplot"][order]}, frequency
    )
    assert (mixed.argmax(axis=1) == truth).mean() < frequency.max() + 0.05


def test_templates_have_the_lengths_of_stored_fragments(
    clear: tuple[pd.DataFrame, templates_module.Templates, dict[str, np.ndarray]],
) -> None:
    windows, templates, images = clear
    share = windows["state"].value_counts(normalize=True).reindex(STATES).to_numpy()
    weight = share[templates.state] * np.exp(templates.log_prior) * templates.means["vplot"]
    expected = (weight @ np.exp(templates.shapes["vplot"])).reshape(30, 101).sum(axis=1)
    found = images["vplot"].sum(axis=0).reshape(30, 101).sum(axis=1)
    length = np.arange(30, 621, 20)
    means = [length @ rows / rows.sum() for rows in (expected, found)]
    assert means[0] == pytest.approx(means[1], abs=3)


def test_images_equal_a_loop(
    clear: tuple[pd.DataFrame, templates_module.Templates, dict[str, np.ndarray]],
) -> None:
    windows, _, images = clear
    store = store_of(CLEAR, "two", "ATAC")
    mine = np.flatnonzero(windows["cell_type"] == "two")[[0, 5, 40, -1]]
    for row in mine:
        low, high = store.intervals(windows["chrom"][row])
        expected = np.zeros((30, 101))
        for start, end in zip(low.tolist(), high.tolist(), strict=True):
            aside = (start + end - 1) // 2 - windows["centre"][row]
            if abs(aside) <= 1009 and 20 <= end - start < 620:
                expected[(end - start - 20) // 20, (aside + 10) // 20 + 50] += 1
        assert (images["vplot"][row].reshape(30, 101) == expected).all()
        assert expected.sum() > 10


def test_priors_are_the_states_frequencies_and_those_of_a_kind() -> None:
    windows = windows_of(WIDE)
    flat = oracle.state_priors(WIDE, windows, sequence=False)
    informed = oracle.state_priors(WIDE, windows, sequence=True)
    assert (flat == flat[0]).all()
    for priors in (flat, informed):
        assert priors.sum(axis=1) == pytest.approx(1)
        # Of another draw of the loci.
        assert priors.mean(axis=0) == pytest.approx(FREQUENCY, abs=0.02)
    promoters = informed[((windows["kind"] == "promoter_gata") & (windows["cell_type"] == "sim_B"))]
    assert (promoters == promoters[0]).all()
    assert promoters[0, STATES.index("poised_promoter")] == pytest.approx(0.92, abs=0.03)
    # Bodies and deserts plant no motif: they cannot be told apart.
    plain = informed[windows["kind"].isin(["body", "desert"]) & (windows["cell_type"] == "sim_A")]
    assert (plain == plain[0]).all()
    own = windows[windows["kind"].isin(["body", "desert"]) & (windows["cell_type"] == "sim_A")]
    share = (own["state"] == "transcribed").mean()
    assert plain[0, STATES.index("transcribed")] == pytest.approx(share, abs=0.05)


def test_windows_beside_the_loci_have_no_sequence_prior() -> None:
    windows = windows_of(CLEAR)
    windows.loc[3, "centre"] += 1
    with pytest.raises(InputError, match=r"^1 windows are not centred on simulated loci"):
        oracle.state_priors(CLEAR, windows, sequence=True)


def test_label_probabilities_are_those_of_bayes() -> None:
    rng = np.random.default_rng(8)
    likelihoods, priors = rng.normal(0, 3, (4, 8)), rng.dirichlet(np.ones(8), 4)
    found = oracle.label_probabilities(likelihoods, priors, WIDE)
    confusion = confusion_of_labels(FREQUENCY, WIDE.agreement)
    for window in range(4):
        joint = [np.exp(likelihoods[window, s]) * priors[window, s] for s in range(8)]
        for label in range(8):
            expected = sum(joint[s] * confusion[s, label] for s in range(8)) / sum(joint)
            assert found[window, label] == pytest.approx(expected)


def test_the_model_predicts_what_is_held_out_in_the_tasks_order() -> None:
    windows = windows_of(CLEAR).drop(columns=["kind"])
    windows["split"] = np.resize(["train", "valid", "test"], len(windows))
    classes = tuple(reversed(STATES))
    recipe = Recipe(
        model="oracle", kind="oracle", tasks={"state": classes}, windows="w", width=2001,
        inputs=("sequence",), samples=(), train_on=tuple(CLEAR.factors), images={}, network={},
        training={}, features={}, baseline={},
    )  # fmt: skip
    table, card = oracle.run_oracle(recipe, CLEAR, windows, {}, 1)
    held_out = windows[windows["split"] != "train"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        table[["cell_type", "chrom", "centre", "split"]],
        held_out[["cell_type", "chrom", "centre", "split"]],
    )
    confusion = confusion_of_labels(state_frequency(draw_loci(CLEAR), CLEAR), CLEAR.agreement)
    expected = oracle.state_priors(CLEAR, held_out, sequence=True) @ confusion
    names = [column for column in table if column.endswith(classes)]
    assert table[names].to_numpy() == pytest.approx(expected[:, ::-1], abs=1e-6)
    assert (card["label_limit"], card["simulated"]) == (round(oracle.label_limit(CLEAR), 6), True)


def state_task(classes: Iterable[str]) -> dict[str, Any]:
    return {"kind": "segmentation", "classes": {name: {"states": [name]} for name in classes}}


def configured(**changes: Any) -> dict[str, Any]:
    """Return a configuration that simulates, as far as the faults look at it."""
    config = {
        "pathvars": {"results": "results/x"},
        "samples": "samples.tsv",
        "labels": "labels.tsv",
        "simulation": {"seed": 1},
        "genome": {"fasta": "results/x/simulation/genome.fa"},
        "sites": {"tss": {"path": "results/x/simulation/genes.gtf"}},
        "peaks": {"files": {"sim_A": "results/x/simulation/marks/sim_A.CTCF.2.narrowPeak"}},
        "windows": {"w": {"tasks": ["state"]}},
        "tasks": {"state": state_task(STATES)},
        "models": {"best": {"kind": "oracle", "windows": "w", "tasks": None}},
    }
    return config | changes


def sample(name: str, path: str, cell_type: str = "sim_A") -> Sample:
    return Sample(name, cell_type, "ATAC", "1", (path,), Shift(4, -4), True, ())


def label(path: str, replicate: str = "1", cell_type: str = "sim_A") -> LabelFile:
    return LabelFile(cell_type, "state", "segmentation", replicate, path, ())


SAMPLE = sample("a", "results/x/simulation/a.bam")
LABEL = label("results/x/simulation/sim_A.states.1.bed")


def test_a_sound_configuration_has_no_faults() -> None:
    assert simulation_faults(configured(), [SAMPLE], [LABEL]) == []
    truth = label("results/x/simulation/sim_A.states.truth.bed", "truth")
    assert simulation_faults(configured(), [SAMPLE], [LABEL, truth]) == []
    real = configured(simulation=None, models={}, genome={"fasta": "genome.fa"})
    assert simulation_faults(real, [sample("a", "a.bam")], []) == []
    assert simulation_folder(real) is None
    assert is_simulated(configured(), "results/x/simulation/marks/a.bam")
    assert not is_simulated(configured(), "results/x/simulations/a.bam")
    assert not is_simulated(configured(), None)


def test_an_oracle_takes_the_task_of_the_states_among_others() -> None:
    tasks = {"state": state_task(STATES), "ctcf": {"kind": "marks"}, "level": {"kind": "signal"}}
    config = configured(tasks=tasks, windows={"w": {"tasks": ["state", "level"]}})
    assert simulation_faults(config, [SAMPLE], [LABEL]) == []
    config["windows"]["w"]["tasks"].append("ctcf")
    (fault,) = simulation_faults(config, [SAMPLE], [LABEL])
    assert "models/best: an oracle needs one task" in fault
    config["models"]["best"]["tasks"] = ["state"]
    assert simulation_faults(config, [SAMPLE], [LABEL]) == []


def test_labels_of_marks_are_simulated_peaks() -> None:
    folder = "results/x/simulation"
    good = LabelFile("sim_A", "ctcf", "marks", "2", f"{folder}/marks/sim_A.CTCF.2.narrowPeak", ())
    assert simulation_faults(configured(), [SAMPLE], [LABEL, good]) == []
    for name in ("sim_A.CTCF.1.narrowPeak", "sim_A.CTCF.2.bed"):
        wrong = replace(good, path=f"{folder}/marks/{name}")
        (fault,) = simulation_faults(configured(), [SAMPLE], [LABEL, wrong])
        assert f"makes; give {folder}/marks/sim_A.H3K4me3.2.narrowPeak" in fault
    for wrong, said in (
        (replace(good, replicate="truth"), "replicate 'truth' is not simulated; there are 1, 2"),
        (replace(good, kind="signal"), "labels of 'sim_A': no signal is simulated; take results/x"),
    ):
        faults = simulation_faults(configured(), [SAMPLE], [LABEL, wrong])
        assert any(said in fault for fault in faults)


@pytest.mark.parametrize(
    ("changes", "samples", "labels", "sentence"),
    [
        (
            {"simulation": None},
            [],
            [],
            "configuration: models/best: an oracle knows the simulator; there is no block "
            "'simulation'",
        ),
        (
            {"tasks": {"state": state_task(["open", "closed"])}},
            [],
            [],
            f"configuration: models/best: an oracle needs one task, with the classes "
            f"{', '.join(STATES)}; name it alone in its 'tasks', choose other windows or rename "
            "the classes",
        ),
        (
            {},
            [],
            [],
            "configuration: simulation: it writes to results/x/simulation, and no sheet names a "
            "file there; correct the paths of the sheets, or pathvars/results, or set it to null",
        ),
        (
            {"genome": {"fasta": "results/x/simulation/genom.fa"}},
            [SAMPLE],
            [],
            "configuration: genome/fasta: results/x/simulation/genom.fa is not what the simulation "
            "makes; give results/x/simulation/genome.fa",
        ),
        (
            {"sites": {"tss": {"path": "results/x/simulation/genez.gtf"}}},
            [SAMPLE],
            [],
            "configuration: sites/tss: results/x/simulation/genez.gtf is not what the simulation "
            "makes; give results/x/simulation/genes.gtf",
        ),
        (
            {"simulation": {"factors": {"kind": []}}},
            [],
            [],
            "configuration: simulation/factors: 'kind' is a column of the loci; call the cell type "
            "otherwise",
        ),
        (
            {"simulation": {"agreement": 0.2}},
            [],
            [],
            "configuration: simulation/agreement 0.2 must be from 0.",
        ),
        (
            {},
            [SAMPLE],
            [label("results/x/simulation/other.states.1.bed", cell_type="other")],
            "labels.tsv: labels of 'other': the cell type is not simulated; simulation/factors has "
            "sim_A, sim_B, sim_C",
        ),
        (
            {"simulation": {"composition": {"dessert": 1, "body": 1}}},
            [],
            [],
            "configuration: simulation/composition: unknown kind 'dessert'; there are insulator, ",
        ),
        (
            {"simulation": {"composition": {"desert": 0}}},
            [],
            [],
            "configuration: simulation/composition: gives no locus; give a kind a number above 0",
        ),
        (
            {"simulation": {"factors": {"sim_A": ["GATA1", "CTCF"]}}},
            [],
            [],
            "configuration: simulation/factors/sim_A: 'CTCF' is no factor of any grammar; there "
            "are CEBPA, FOS::JUN, GATA1, REST, SPI1, YY1",
        ),
        (
            {},
            [sample("a", "results/x/simulation/b.bam")],
            [],
            "configuration: sample 'a': results/x/simulation/b.bam is not what the simulation "
            "makes; give results/x/simulation/a.bam",
        ),
        (
            {},
            [sample("a", "results/x/simulation/a.bam", "liver")],
            [],
            "samples.tsv: sample 'a': cell type 'liver' is not simulated; simulation/factors has "
            "sim_A, sim_B, sim_C",
        ),
        (
            {},
            [],
            [label("results/x/simulation/states.bed")],
            "configuration: labels of 'sim_A', replicate '1': results/x/simulation/states.bed is "
            "not what the simulation makes; give results/x/simulation/sim_A.states.1.bed",
        ),
        (
            {},
            [],
            [label("results/x/simulation/sim_A.states.3.bed", "3")],
            "labels.tsv: labels of 'sim_A': replicate '3' is not simulated; there are 1, 2, truth",
        ),
        (
            {"genome": {"fasta": "real.fa"}},
            [SAMPLE],
            [],
            "configuration: genome/fasta: samples and labels are simulated and the genome is not; "
            "give results/x/simulation/genome.fa",
        ),
    ],
)
def test_each_fault_is_told(
    changes: dict[str, Any], samples: list[Sample], labels: list[LabelFile], sentence: str
) -> None:
    faults = simulation_faults(configured(**changes), samples, labels)
    if "no sheet names" not in sentence:  # sheets of no line are another fault
        faults = [fault for fault in faults if "no sheet names" not in fault]
    assert [fault for fault in faults if fault.startswith(sentence)] == faults[:1]
    assert len(faults) == (2 if "dessert" in str(changes) else 1)
