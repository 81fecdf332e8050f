"""Temperature scaling: a known temperature is found, and nothing is made worse."""

import numpy as np
import pytest
from scipy.special import softmax

from chrompute.calibrate import (
    HIGHEST,
    LOWEST,
    apply_temperature,
    fit_temperature,
)


def loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, temperature: float) -> float:
    """Return the weighted cross-entropy over the known windows, from probabilities."""
    known = labels.sum(1) > 0
    p = softmax(logits[known] / temperature, axis=1)
    each = -(labels[known] * np.log(p)).sum(1)
    return float((each * weights[known]).sum() / weights[known].sum())


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("soft", [False, True])
def test_a_known_temperature_is_found(temperature: float, soft: bool) -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(0, 2, (20_000, 4))
    p = softmax(true, axis=1)
    drawn = p if soft else np.eye(4)[[rng.choice(4, p=each) for each in p]]
    found = fit_temperature(true * temperature, drawn, np.ones(len(true)))
    assert found == pytest.approx(temperature, rel=1e-3 if soft else 0.04)
    assert np.allclose(apply_temperature(true * temperature, temperature), p)


def test_soft_labels_weights_and_unknown_windows_count_as_in_the_loss() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 3, (300, 3)).astype(np.float32)
    labels = rng.dirichlet(np.ones(3), 300)
    labels[:100] = 0
    weights = rng.integers(0, 4, 300).astype(float)
    found = fit_temperature(logits, labels, weights)
    grid = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), 20_001))
    best = grid[np.argmin([loss(logits, labels, weights, each) for each in grid[::20]]) * 20]
    assert found == pytest.approx(best, rel=0.01)
    often = np.repeat(np.arange(300), weights.astype(int))
    repeated = fit_temperature(logits[often], labels[often], np.ones(often.size))
    assert repeated == pytest.approx(found, rel=1e-3)
    assert fit_temperature(logits[100:], labels[100:], weights[100:]) == pytest.approx(found)


def test_the_loss_is_never_worse_than_without_a_temperature() -> None:
    rng = np.random.default_rng(3)
    for size in (1, 2, 5, 20):
        for _ in range(20):
            logits = rng.normal(0, rng.uniform(0.01, 5), (size, 3))
            labels = np.eye(3)[rng.integers(0, 3, size)]
            temperature = fit_temperature(logits, labels, np.ones(size))
            assert LOWEST <= temperature <= HIGHEST
            before = loss(logits, labels, np.ones(size), 1.0)
            assert loss(logits, labels, np.ones(size), temperature) <= before


def test_the_temperature_is_1_where_nothing_can_be_learnt() -> None:
    logits = np.array([[2.0, -1.0], [0.5, 0.1]])
    known, ones = np.eye(2), np.ones(2)
    assert fit_temperature(logits, np.zeros((2, 2)), ones) == 1
    assert fit_temperature(logits, known, np.zeros(2)) == 1
    assert fit_temperature(logits[:0], known[:0], ones[:0]) == 1
    assert fit_temperature(logits[:, :1], np.ones((2, 1)), ones) == 1
    assert fit_temperature(np.zeros((2, 2)), known, ones) == 1


def test_certain_predictions_have_a_temperature_too() -> None:
    """A probability that came out as 0 has a logarithm of minus infinity."""
    labels = np.eye(2)[[0, 1, 1, 0]]
    right = np.log(np.maximum(labels, 1e-300))
    right[0, 1] = -np.inf
    assert fit_temperature(right, labels, np.ones(4)) <= 1
    assert apply_temperature(right, 2.0)[0] == pytest.approx([1, 0])
    wrong = np.array([[-np.inf, 0.0], [-30.0, 0.0]])
    found = fit_temperature(wrong, np.eye(2)[[0, 0]], np.ones(2))
    assert found == pytest.approx(HIGHEST, rel=0.01)


def test_a_temperature_that_runs_to_a_bound_is_the_bound() -> None:
    labels = np.eye(2)[[0, 1] * 10]
    right, wrong = np.log(0.8 * labels + 0.1), np.log(0.9 - 0.8 * labels)
    some = np.where(np.arange(20)[:, None] < 5, wrong, right)
    found = [fit_temperature(each, labels, np.ones(20)) for each in (right, wrong, some)]
    assert found[:2] == [LOWEST, HIGHEST]
    assert 2 * LOWEST < found[2] < HIGHEST / 2


def test_the_order_of_the_classes_stays() -> None:
    logits = np.random.default_rng(4).normal(size=(50, 5)).astype(np.float32)
    for temperature in (0.1, 7.0):
        p = apply_temperature(logits, temperature)
        assert np.array_equal(p.argmax(1), logits.argmax(1))
        assert p.sum(1) == pytest.approx(1, abs=1e-6)
