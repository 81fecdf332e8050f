"""Losses: soft and unknown labels, two classes, and what is made of several tasks and heads."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from chrompute.losses import Objective, soft_cross_entropy
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork
from chrompute.training_rules import TrainingRules
from toy_models import SMALL, TRAINING, WIDTH

ByTask = dict[str, Tensor]


def objective_of(
    labels: ByTask,
    weights: ByTask | None = None,
    train: Tensor | None = None,
    **training: object,
) -> Objective:
    number = len(next(iter(labels.values())))
    weights = weights or {task: torch.ones(number).to(values) for task, values in labels.items()}
    train = torch.arange(number) if train is None else train
    rules = TrainingRules(**{**TRAINING, **training})
    return Objective(labels, weights, train, ("vplot", "sequence"), rules)


def whole_loss(logits: ByTask, labels: ByTask, weights: ByTask | None = None, **training: object):
    """Return the loss of a step that is not divided."""
    own = torch.arange(len(next(iter(labels.values()))))
    return objective_of(labels, weights, **training)(logits, {}, {}, own, None, own, 1)


def test_the_loss_is_the_cross_entropy_of_soft_labels_without_unknown_ones() -> None:
    rng = np.random.default_rng(8)
    logits = rng.normal(size=(5, 3))
    labels = np.array([[1, 0, 0], [0, 0.5, 0.5], [0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=float)
    weights = np.array([0.5, 2.0, 7.0, 1.25, 3.0])
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    smooth = 0.9 * labels + 0.1 / 3
    known = [0, 1, 3]
    each = -(smooth * log_p)[known].sum(1)
    for own in (np.ones(5), weights):
        expected = (each * own[known]).sum() / own[known].sum()
        found = soft_cross_entropy(*map(torch.from_numpy, (logits, labels, own)), 0.1)
        assert float(found) == pytest.approx(expected)
    nothing = soft_cross_entropy(
        torch.from_numpy(logits), torch.zeros(5, 3).double(), torch.ones(5).double()
    )
    assert float(nothing) == 0


def test_the_loss_of_two_classes_is_the_binary_cross_entropy() -> None:
    rng = np.random.default_rng(9)
    score = torch.from_numpy(rng.normal(size=20)).requires_grad_()
    share, weights = torch.from_numpy(rng.random(20)), torch.from_numpy(rng.random(20))
    logits = torch.stack([torch.zeros_like(score), score], dim=1)
    found = soft_cross_entropy(logits, torch.stack([1 - share, share], 1), weights)
    expected = binary_cross_entropy_with_logits(score, share, weights, reduction="sum")
    assert found.item() == pytest.approx((expected / weights.sum()).item())
    (gradient,) = torch.autograd.grad(found, score)
    assert gradient.tolist() == pytest.approx(
        (weights * (score.detach().sigmoid() - share) / weights.sum()).tolist()
    )


@pytest.mark.parametrize("nothing", [0.0, float("nan")])
def test_unknown_windows_and_those_without_weight_give_no_gradient(nothing: float) -> None:
    rng = np.random.default_rng(1)
    logits = {t: torch.from_numpy(rng.normal(size=(4, 2))).requires_grad_() for t in "ab"}
    labels = {t: torch.tensor([[1.0, 0], [0, 1], [0, 0], [0.5, 0.5]]).double() for t in "ab"}
    labels["a"][2] = labels["b"][1] = nothing
    weights = {t: torch.tensor([1.0, 1, 1, 0]).double() for t in "ab"}
    loss = whole_loss(logits, labels, weights)
    loss.backward()
    assert bool(loss.isfinite())
    silent = {t: (logits[t].grad == 0).all(dim=1).tolist() for t in "ab"}
    assert silent == {"a": [False, False, True, True], "b": [False, True, True, True]}


@pytest.mark.parametrize("nothing", [0.0, float("nan")])
def test_a_task_that_knows_no_window_of_a_batch_leaves_its_head_alone(nothing: float) -> None:
    torch.manual_seed(0)
    network = ChromatinNetwork(
        NetworkSpec({"vplot": (10, 51)}, False, WIDTH, {"keys": 2, "type": 3}, **SMALL)
    ).eval()  # tasks may be called like parts of torch's modules
    labels = {"keys": torch.eye(2).repeat(3, 1), "type": torch.full((6, 3), nothing)}
    whole_loss(network({"vplot": torch.rand(6, 10, 51)}), labels).backward()
    gradients = {name: p.grad for name, p in network.heads.named_parameters()}
    of_type = [bool((g == 0).all()) for name, g in gradients.items() if "type" in name]
    of_keys = [bool((g == 0).all()) for name, g in gradients.items() if "keys" in name]
    assert of_type
    assert all(of_type)
    assert not all(of_keys)


def test_weights_count_windows_as_often_in_the_loss() -> None:
    rng = np.random.default_rng(2)
    logits, labels = torch.from_numpy(rng.normal(size=(3, 4))), torch.eye(4).double()[:3]
    weights = torch.tensor([2.0, 1.0, 0.0]).double()
    often = torch.tensor([0, 0, 1])
    weighted = whole_loss({"t": logits}, {"t": labels}, {"t": weights}, label_smoothing=0.1)
    repeated = whole_loss({"t": logits[often]}, {"t": labels[often]}, label_smoothing=0.1)
    assert float(weighted) == pytest.approx(float(repeated))


def two_tasks() -> tuple[ByTask, ByTask, dict[str, float]]:
    """Return logits and labels of two tasks, the second of which knows half, and their losses."""
    rng = np.random.default_rng(3)
    logits = {t: torch.from_numpy(rng.normal(size=(6, 3))) for t in "ab"}
    labels = {t: torch.eye(3).double()[torch.from_numpy(rng.integers(0, 3, 6))] for t in "ab"}
    labels["b"][::2] = 0
    alone = {t: float(soft_cross_entropy(logits[t], labels[t], torch.ones(6))) for t in "ab"}
    return logits, labels, alone


@pytest.mark.parametrize(
    ("given", "shares"), [({}, (1, 1)), ({"b": 3.0}, (1, 3)), ({"a": 0, "b": 0.5}, (0, 1))]
)
def test_tasks_are_averaged_by_fixed_weights(given: dict, shares: tuple[float, float]) -> None:
    logits, labels, alone = two_tasks()
    expected = np.average([alone["a"], alone["b"]], weights=shares)
    assert float(whole_loss(logits, labels, task_weights=given)) == pytest.approx(expected)


def test_learned_weights_follow_the_uncertainty_of_a_task() -> None:
    logits, labels, alone = two_tasks()
    labels["c"], logits["c"] = torch.zeros(6, 3).double(), logits["a"]
    objective = objective_of(labels, task_weights="learned")
    values = torch.tensor([0.4, -0.7, 0.2])
    with torch.no_grad():
        objective.log_variance.copy_(values)
    own = torch.arange(6)
    loss = objective(logits, {}, {}, own, None, own, 1)
    loss.backward()
    s = values.numpy()
    losses = np.array([alone["a"], alone["b"], 0])
    known = np.array([1, 1, 0])
    assert loss.item() == pytest.approx((np.exp(-s) * losses + known * s / 2).mean(), rel=1e-6)
    expected = (known / 2 - np.exp(-s) * losses) / 3  # 0 for the task that knows nothing
    assert objective.log_variance.grad.tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert objective.task_weights() == pytest.approx(dict(zip("abc", np.exp(-s), strict=True)))


def test_logit_adjustment_adds_the_training_windows_class_shares() -> None:
    rng = np.random.default_rng(4)
    logits = torch.from_numpy(rng.normal(size=(5, 2)))
    labels = torch.tensor([[1.0, 0], [1, 0], [0.5, 0.5], [0, 1], [0, 1]]).double()
    weights = torch.tensor([1.0, 3, 2, 1, 1]).double()
    objective = objective_of(
        {"t": labels}, {"t": weights}, torch.arange(4), logit_adjustment=2.0
    )  # the last window does not train
    own = torch.arange(5)
    found = objective({"t": logits}, {}, {}, own, None, own, 1)
    shares = np.array([5, 2]) / 7
    adjusted = logits.numpy() + 2 * np.log(shares)
    log_p = adjusted - np.log(np.exp(adjusted).sum(1, keepdims=True))
    expected = -((labels.numpy() * log_p).sum(1) * weights.numpy()).sum() / 8
    assert float(found) == pytest.approx(expected)
    # The validation loss is adjusted too, what is predicted is not.
    sums = objective.validation_sums({"t": logits}, own)
    scores = objective.validation_scores(sums)
    assert scores["valid_loss"] == pytest.approx(expected)
    right = labels.numpy()[np.arange(5), logits.numpy().argmax(1)].mean()
    assert scores["valid_accuracy"] == pytest.approx(right)


def test_heads_of_one_input_learn_from_windows_that_have_it() -> None:
    logits, labels, alone = two_tasks()
    single = {
        name: {t: torch.randn(6, 3, dtype=torch.double).requires_grad_() for t in "ab"}
        for name in ("vplot", "sequence")
    }
    present = torch.tensor([[True, True]] * 5 + [[True, False]])
    own = torch.arange(6)
    objective = objective_of(labels, auxiliary=0.5)
    loss = objective(logits, single, {"present": present}, own, None, own, 1)
    loss.backward()

    def mean(name: str, t: str) -> float:
        """Return the loss over all windows that the task knows, absent ones adding nothing."""
        there = present[:, ("vplot", "sequence").index(name)].double()
        head = single[name][t].detach()
        own = float(soft_cross_entropy(head, labels[t], there))
        known = labels[t].sum(1)
        return own * float((known * there).sum() / known.sum())

    heads = np.mean([[mean(name, t) for t in "ab"] for name in ("vplot", "sequence")])
    expected = (alone["a"] + alone["b"]) / 2 + 0.5 * heads
    assert loss.item() == pytest.approx(expected)
    assert (single["sequence"]["a"].grad[5] == 0).all()
    assert (single["vplot"]["a"].grad[5] != 0).any()
    without = objective_of(labels)(logits, single, {"present": present}, own, None, own, 1)
    assert float(without) == pytest.approx((alone["a"] + alone["b"]) / 2)


def test_the_parts_of_a_step_have_its_loss_as_their_mean() -> None:
    """However windows and unknown labels are dealt out; windows that fill up do not count."""
    logits, labels, _ = two_tasks()
    objective = objective_of(labels, task_weights={"a": 2.0})
    whole = torch.arange(5)
    expected = objective(
        {t: values[:5] for t, values in logits.items()}, {}, {}, whole, None, whole, 1
    )
    own = [torch.tensor([0, 2, 4]), torch.tensor([1, 3, 1])]
    counts = [None, torch.tensor([1.0, 1, 0])]
    parts = [
        objective({t: v[ids] for t, v in logits.items()}, {}, {}, ids, count, whole, 2)
        for ids, count in zip(own, counts, strict=True)
    ]
    assert float(torch.stack(parts).mean()) == pytest.approx(float(expected))
