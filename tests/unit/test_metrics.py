"""Scores against hand arithmetic and scikit-learn, and intervals against repeated data."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestClassifier

from chrompute.agreement import replicate_agreement
from chrompute.baselines import majority_probabilities
from chrompute.bootstrap import Bootstrap, bootstrap, drawn_weights, genome_blocks, mean_of
from chrompute.classifiers import forest_probabilities
from chrompute.features import binned_features
from chrompute.fragments import Fragments
from chrompute.metrics import score_against, score_predictions
from chrompute.predictions import prediction_table
from chrompute.scores import HIGHER_IS_BETTER, SCORES, all_scores, class_scores, quality_scores

LIMIT = ("limit", "limit_low", "limit_high")


def random_case(n: int = 400, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, k, n)
    scores = rng.random((n, k)) + 0.8 * np.eye(k)[labels]
    return labels, scores / scores.sum(1, keepdims=True)


def sklearn_scores(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> dict:
    """Score one draw by scikit-learn, which sorts anew each time."""
    kept = weights > 0
    everything = np.arange(probabilities.shape[1])
    labels, probabilities, weights = labels[kept], probabilities[kept], weights[kept]
    predicted, present = probabilities.argmax(1), np.unique(labels)
    rest = [k for k in present if len(present) > 1]
    one = {
        name: [score(labels == k, probabilities[:, k], sample_weight=weights) for k in rest]
        for name, score in (("auroc", sk.roc_auc_score), ("auprc", sk.average_precision_score))
    }
    return {
        "accuracy": sk.accuracy_score(labels, predicted, sample_weight=weights),
        "balanced_accuracy": sk.recall_score(
            labels, predicted, labels=present, average="macro", sample_weight=weights
        ),
        "kappa": sk.cohen_kappa_score(labels, predicted, labels=everything, sample_weight=weights),
        **{name: np.mean(values) if values else np.nan for name, values in one.items()},
        "f1": sk.f1_score(labels, predicted, average="macro", sample_weight=weights),
        "mcc": sk.matthews_corrcoef(labels, predicted, sample_weight=weights),
    }


def test_scores_by_hand() -> None:
    labels = np.array([0, 0, 0, 1])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    found = all_scores(labels, probabilities, np.ones((4, 1), dtype=np.int64))
    # Of three 0s two are right, the 1 is right; chance agreement is (3*2 + 1*2) / 16 = 1/2.
    assert found["accuracy"] == pytest.approx(3 / 4)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["kappa"] == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))
    # The 1 outranks two of the three 0s, and both one-against-rest curves are that curve.
    assert found["auroc"] == pytest.approx(2 / 3)
    # F1 of the 0s: 2 * 2 / (3 + 2), of the 1: 2 * 1 / (1 + 2). Phi: (2*1 - 1*0) / sqrt(3*1*2*2).
    assert found["f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["mcc"] == pytest.approx(2 / np.sqrt(12))
    # Average precision of the 1: 1/2; of the 0s: (1 + 1 + 3/4) / 3.
    assert found["auprc"] == pytest.approx((1 / 2 + 11 / 12) / 2)


@pytest.mark.filterwarnings("ignore:.*have only one label in common.*")  # kappa is NaN there
@pytest.mark.filterwarnings("ignore:A single label was found.*")
@pytest.mark.parametrize("decimals", [15, 2, 1, 0])
def test_every_draw_scores_as_scikit_learn_does(decimals: int) -> None:
    """With many ties, and with draws that lack some classes and windows."""
    rng = np.random.default_rng(decimals)
    n, k, draws = 150, 5, 40
    labels = rng.choice(k, n, p=[0.5, 0.3, 0.16, 0.03, 0.01])
    probabilities = np.round(rng.random((n, k)) + 0.3 * np.eye(k)[labels], decimals)
    weights = rng.integers(0, 4, (n, draws)) * (rng.random((n, draws)) < rng.random(draws))
    weights[:, 0] = np.where(labels == 0, weights[:, 0], 0)  # one class only
    weights[:3, weights.sum(axis=0) == 0] = 1
    found = quality_scores(labels, probabilities, weights)
    assert list(found) == list(HIGHER_IS_BETTER)
    lacking = 0
    for draw in range(draws):
        expected = sklearn_scores(labels, probabilities, weights[:, draw])
        lacking += len(np.unique(labels[weights[:, draw] > 0])) < k
        for name in HIGHER_IS_BETTER:
            got = found[name][draw]
            assert got == pytest.approx(expected[name], abs=1e-12, nan_ok=True), (name, draw)
    assert lacking > 5
    assert np.isnan(found["auroc"][0])


def test_a_weight_of_two_is_a_window_twice() -> None:
    labels, probabilities = random_case()
    weights = np.random.default_rng(1).integers(0, 3, len(labels))
    again = np.repeat(np.arange(len(labels)), weights)
    weighted = all_scores(labels, probabilities, weights[:, None])
    ones = np.ones((len(again), 1), dtype=np.int64)
    repeated = all_scores(labels[again], probabilities[again], ones)
    for name in SCORES:
        assert weighted[name] == pytest.approx(repeated[name], abs=1e-9), name


def test_a_thousand_draws_take_no_time() -> None:
    """1,250 windows of 8 classes against three references: 3 s would be slow, 50 s it was."""
    labels, probabilities = random_case(1250, 8)
    references = {"1": labels, "2": np.roll(labels, 1), "truth": labels[::-1]}
    begun = time.process_time()
    found = score_against(references, probabilities, np.arange(1250) // 5, 1000)
    assert time.process_time() - begun < 3
    assert all(len(part.draws["auprc"]) == 1000 for part in found.values())


def test_draws_do_not_depend_on_how_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = np.random.default_rng(2).permutation(np.arange(90) // 3)
    whole = np.concatenate([*drawn_weights(blocks, 25, 7)], axis=1)
    monkeypatch.setattr("chrompute.bootstrap._CHUNK", 400)
    parts = [*drawn_weights(blocks, 25, 7)]
    assert len(parts) > 1
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    for block in range(30):  # windows of a block count alike, and 30 blocks are drawn
        assert (np.diff(whole[blocks == block], axis=0) == 0).all()
    assert (whole.sum(axis=0) == 90).all()


def intervals(labels: np.ndarray, probabilities: np.ndarray, blocks: np.ndarray, draws: int):
    found = score_against({"1": labels}, probabilities, blocks, draws)["1"]
    return pd.DataFrame(found.rows()).set_index("metric")


def test_intervals_hold_the_value_and_grow_with_the_blocks() -> None:
    labels, probabilities = random_case()
    alone = intervals(labels, probabilities, np.arange(400), 120)
    assert (alone["low"] < alone["value"]).all()
    assert (alone["value"] < alone["high"]).all()
    # Ten copies of each window hold no more than one: blocks know, single windows do not.
    many, copies = np.tile(labels, 10), np.tile(probabilities, (10, 1))
    blocks = intervals(many, copies, np.tile(np.arange(400), 10), 120)
    single = intervals(many, copies, np.arange(4000), 120)
    width = {name: t["high"] - t["low"] for name, t in (("a", alone), ("b", blocks), ("s", single))}
    assert width["b"].to_numpy() == pytest.approx(width["a"].to_numpy(), rel=0.35)
    assert (width["s"] < 0.5 * width["b"]).all()


def test_interval_of_accuracy_is_the_binomial_one() -> None:
    labels, probabilities = random_case(2000)
    table = intervals(labels, probabilities, np.arange(2000), 200)
    value, low, high = table.loc["accuracy", ["value", "low", "high"]]
    error = 1.96 * np.sqrt(value * (1 - value) / 2000)
    assert high - low == pytest.approx(2 * error, rel=0.2)


def test_the_mean_over_replicates_has_the_interval_of_the_mean() -> None:
    """Two replicates that err in opposite windows: their mean varies less than either."""
    labels, probabilities = random_case(1000)
    half = np.arange(1000) % 2 == 0
    other = (labels + 1) % 4
    references = {"1": np.where(half, labels, other), "2": np.where(half, other, labels)}
    found = score_against(references, probabilities, np.arange(1000), 300)
    mean = mean_of([*found.values()])
    for metric in SCORES:
        values = [found[name].values[metric] for name in "12"]
        assert mean.values[metric] == pytest.approx(np.mean(values))
    single, joint = (
        {row["metric"]: row["high"] - row["low"] for row in part.rows()}
        for part in (found["1"], mean)
    )
    # (accuracy 1 + accuracy 2) / 2 of a window is about 1/2 in either half.
    assert joint["accuracy"] < 0.5 * single["accuracy"]
    nothing = Bootstrap({"x": 1.0}, {"x": np.full(3, np.nan)}).rows()[0]
    assert np.isnan([nothing["low"], nothing["high"]]).all()


def test_blocks_are_stretches_of_chromosomes() -> None:
    blocks = genome_blocks(["a", "a", "a", "b"], [0, 19_999, 20_000, 5], 20_000)
    assert blocks[0] == blocks[1]
    assert len({*blocks}) == 3
    assert blocks.max() == 2


def labelled_windows() -> tuple[pd.DataFrame, np.ndarray]:
    """400 windows of two cell types: replicate 2 errs in every fifth and knows "a" alone."""
    labels, probabilities = random_case()
    names = np.array([*"wxyz"])
    first = pd.Series(names[labels], dtype="str")
    second = first.where(np.arange(400) % 5 > 0, names[(labels + 1) % 4])
    windows = pd.DataFrame(
        {
            "cell_type": np.where(np.arange(400) < 200, "a", "b"),
            "chrom": "chr1",
            "centre": np.arange(400) * 30_000,
            "split": np.where(np.arange(400) % 4 == 0, "valid", "test"),
            "state.1": first,
            "state.2": second.where(np.arange(400) < 200),
            "state.truth": pd.Series(names[(labels + 2) % 4], dtype="str"),
        }
    )
    windows.loc[7, "state.1"] = None
    windows.loc[[9, 399], ["state.1", "state.2"]] = None
    return windows, probabilities


def test_each_replicate_and_the_truth_are_scored_and_the_replicates_averaged() -> None:
    windows, probabilities = labelled_windows()
    classes = [*"wxyz"]
    table = prediction_table(windows, {"state": classes}, {"state": probabilities})
    assert [c for c in table if c.startswith("label:")] == [
        *("label:state:1", "label:state:2", "label:state:truth")
    ]
    facts = {"model": "m", "seed": 1}
    found = score_predictions(table, {"state": classes}, facts, "test", 20_000, 100)
    called = np.array(classes)[probabilities.argmax(1)]
    kinds = ["replicate 1", "replicate 2", "truth"]
    expected: dict[str, dict[str, float]] = {}
    for cell_type in "ab":
        mine = windows[(windows["cell_type"] == cell_type) & (windows["split"] == "test")]
        for name in ("1", "2", "truth"):
            known = mine[f"state.{name}"].dropna()
            if len(known):
                hits = (called[known.index] == known).mean()
                expected.setdefault(cell_type, {})[name] = hits
    assert [*expected["a"]] == ["1", "2", "truth"]
    assert [*expected["b"]] == ["1", "truth"]
    for cell_type, values in expected.items():
        own = found.replicates[found.replicates["metric"] == "accuracy"]
        own = own[own["cell_type"] == cell_type].set_index("labels")["value"]
        assert own.to_dict() == pytest.approx(
            {kind: values[kind.split()[-1]] for kind in kinds if kind.split()[-1] in values},
            abs=1e-6,
        )
        row = found.scores[found.scores["metric"] == "accuracy"].set_index("cell_type")
        mean = np.mean([value for name, value in values.items() if name != "truth"])
        assert row.loc[cell_type, "value"] == pytest.approx(mean, abs=1e-6)
    columns = ["model", "seed", "task", "cell_type", "split", "metric", "value", "low", "high"]
    assert [*found.scores] == columns
    assert [*found.replicates] == [*columns[:5], "labels", *columns[5:], "blocks"]
    # One window a block: 150 test windows, of which replicate 1 knows two less, and so on.
    blocks = found.replicates.groupby(["cell_type", "labels"])["blocks"].unique().map(list)
    assert blocks["a"].to_dict() == {"replicate 1": [148], "replicate 2": [149], "truth": [150]}
    assert blocks["b"].to_dict() == {"replicate 1": [149], "truth": [150]}


def test_recall_and_precision_of_each_class_by_counting() -> None:
    windows, probabilities = labelled_windows()
    classes = [*"wxyz"]
    table = prediction_table(windows, {"state": classes}, {"state": probabilities})
    facts = {"model": "m", "seed": 1}
    rows = score_predictions(table, {"state": classes}, facts, "test", 20_000, 0).classes
    own = table[(table["split"] == "test")]
    predicted = own[[f"p:state:{name}" for name in classes]].to_numpy().argmax(axis=1)
    assert set(rows["labels"]) >= {"replicate 1", "truth"}
    for row in rows.to_dict("records"):
        here = (own["cell_type"] == row["cell_type"]).to_numpy()
        labels = own["label:state:" + row["labels"].removeprefix("replicate ")].to_numpy()
        known = here & pd.notna(labels)
        with_label = known & (labels == row["class"])
        said = known & (predicted == classes.index(row["class"]))
        assert row["windows"] == with_label.sum()
        for name, among in (("recall", with_label), ("precision", said)):
            if among.any():
                assert row[name] == pytest.approx((with_label & said).sum() / among.sum(), abs=1e-6)
            else:
                assert np.isnan(row[name])


def test_windows_of_the_confusion_matrix_count_once_in_all() -> None:
    windows, probabilities = labelled_windows()
    classes = [*"wxyz"]
    table = prediction_table(windows, {"state": classes}, {"state": probabilities})
    facts = {"model": "m", "seed": 1}
    found = score_predictions(table, {"state": classes}, facts, "test", 20_000, 0).confusion
    for cell_type in "ab":
        mine = windows[(windows["cell_type"] == cell_type) & (windows["split"] == "test")]
        expected = dict.fromkeys([(one, two) for one in classes for two in classes], 0.0)
        number = 0
        for index, row in mine.iterrows():
            known = [name for name in (row["state.1"], row["state.2"]) if isinstance(name, str)]
            number += bool(known)
            for name in known:
                expected[name, classes[probabilities[index].argmax()]] += 1 / len(known)
        own = found[found["cell_type"] == cell_type].set_index(["label", "predicted"])["windows"]
        assert own.to_dict() == pytest.approx(expected)
        assert own.sum() == pytest.approx(number)


def agreement_of(windows: pd.DataFrame, split: str, block: int, draws: int) -> pd.DataFrame:
    return replicate_agreement(windows, "s", "state", [*"wxyz"], split, block, draws).overall


def test_agreement_of_replicates_equals_scikit_learn_in_both_directions() -> None:
    windows, _ = labelled_windows()
    found = agreement_of(windows, "test", 20_000, 200)
    assert set(found["cell_type"]) == {"a"}  # b has one replicate
    place = ["windows", "task", "cell_type", "split"]
    assert [*found] == [*place, *("metric", "value", "low", "high"), *LIMIT, "blocks"]
    assert found[place].drop_duplicates().to_numpy().tolist() == [["s", "state", "a", "test"]]
    both = windows[windows["split"] == "test"].dropna(subset=["state.1", "state.2"])
    one, two = both["state.1"].astype(object), both["state.2"].astype(object)
    expected = {
        "accuracy": (one == two).mean(),
        "balanced_accuracy": np.mean(
            [sk.balanced_accuracy_score(*pair) for pair in ((one, two), (two, one))]
        ),
        "kappa": sk.cohen_kappa_score(one, two),
    }
    assert found.set_index("metric")["value"].to_dict() == pytest.approx(expected, abs=1e-6)
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()
    third = windows.assign(**{"state.3": windows["state.1"]})
    pairs = agreement_of(third, "test", 20_000, 0)
    value = pairs.set_index(["cell_type", "metric"]).loc[("a", "accuracy"), "value"]
    assert value == pytest.approx((2 * expected["accuracy"] + 1) / 3, abs=1e-6)
    alone = agreement_of(windows.drop(columns="state.2"), "test", 9, 9)
    assert alone.empty
    assert [*alone] == [*found]


def test_agreement_is_drawn_on_the_blocks_of_the_models() -> None:
    """A model that repeats replicate 2 scores against replicate 1 what the two agree."""
    windows, _ = labelled_windows()
    windows = windows[(windows["cell_type"] == "a") & windows["state.1"].notna()]
    windows = windows[windows["state.2"].notna()].reset_index(drop=True)
    classes = [*"wxyz"]
    copied = np.eye(4)[windows["state.2"].map({name: k for k, name in enumerate(classes)})]
    table = prediction_table(windows, {"state": classes}, {"state": copied})
    facts = {"model": "m", "seed": 1}
    scores = score_predictions(table, {"state": classes}, facts, "test", 90_000, 200).replicates
    scores = scores[scores["labels"] == "replicate 1"].set_index("metric")
    agreed = agreement_of(windows, "test", 90_000, 200)
    agreed = agreed.set_index("metric")
    for metric in ("accuracy", "kappa"):
        for column in ("value", "low", "high"):
            assert agreed.loc[metric, column] == scores.loc[metric, column]


def test_bootstrap_of_a_constant_is_that_constant() -> None:
    labels = np.array([0, 1, 1, 0])
    found = bootstrap(lambda w: class_scores(labels, labels, 2, w), np.arange(4), 50)
    assert found.values["accuracy"] == 1
    assert (found.draws["accuracy"] == 1).all()


def test_majority_is_the_training_frequency() -> None:
    one_hot = np.array([[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 0], *[[0, 0, 1]] * 3])
    train = np.array([1, 1, 1, 1, 0, 0, 0], dtype=bool)
    found = majority_probabilities(one_hot.astype(np.float32), train)
    assert found.shape == (7, 3)
    assert found[0] == pytest.approx([1 / 3, 1.5 / 3, 0.5 / 3])


def test_forest_features_count_by_hand() -> None:
    sizes = {"c": 10_000}
    # Midpoints 5000 (length 50) and 5151 (length 200); the window's centre is 5000.
    store = Fragments.from_intervals(sizes, [0, 0], [4975, 5052], [5025, 5252])
    windows = pd.DataFrame(
        {"cell_type": ["a"], "chrom": ["c"], "start": [4500], "end": [5501], "centre": [5000]}
    )
    features = binned_features({"a": store}, windows, [0, 100, 400], 100, 2.0)
    counts = np.expm1(features).reshape(2, 11)
    expected = np.zeros((2, 11))
    expected[0, 5] = 1
    expected[1, 7] = 1  # 151 bp to the right: bins are -50..49, 50..149, 150..249
    assert counts == pytest.approx(expected)


def test_forest_learns_repeats_itself_and_ignores_test_labels() -> None:
    rng = np.random.default_rng(3)
    features = rng.random((300, 5), dtype=np.float32)
    labels = (features[:, 2] > 0.5).astype(np.int64)
    train = np.arange(300) < 200
    one_hot = np.eye(3, dtype=np.float32)
    arguments = (train, 50, 1, 7)
    one = forest_probabilities(features, one_hot[labels], *arguments, threads=1)
    spoilt = np.where(train, labels, 1 - labels)
    two = forest_probabilities(features, one_hot[spoilt], *arguments, threads=2)
    assert np.array_equal(one, two)
    assert (one[~train].argmax(1) == labels[~train]).mean() > 0.9
    assert (one[:, 2] == 0).all()


def test_forest_of_one_replicate_is_the_plain_forest_and_of_two_a_weighted_one() -> None:
    rng = np.random.default_rng(4)
    features = rng.random((300, 5), dtype=np.float32)
    labels, other = rng.integers(0, 3, (2, 300))
    train = np.arange(300) < 200
    eye = np.eye(3, dtype=np.float32)
    plain = RandomForestClassifier(20, min_samples_leaf=2, random_state=5)
    plain.fit(features[train], labels[train])
    found = forest_probabilities(features, eye[labels], train, 20, 2, 5, 1)
    assert np.array_equal(found, plain.predict_proba(features))
    rows, codes, weights = [], [], []
    for window in range(200):
        for code in sorted({labels[window], other[window]}):
            rows.append(window)
            codes.append(code)
            weights.append(1.0 if labels[window] == other[window] else 0.5)
    plain.set_params(max_samples=200).fit(features[rows], codes, sample_weight=weights)
    soft = (eye[labels] + eye[other]) / 2
    found = forest_probabilities(features, soft, train, 20, 2, 5, 1)
    assert np.array_equal(found, plain.predict_proba(features))
