"""What reading frames tell of DNA, against loops over strings."""

import math

import numpy as np
import pytest
import torch

from chrompute.codons import FrameFeatures
from chrompute.encoders import one_hot
from chrompute.network_spec import NetworkSpec

LETTERS = "ACGTN"
PAIRS = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}
CODONS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
BIN = 16


def features_of(texts: list[str], encoded: bool = False) -> tuple[np.ndarray, np.ndarray]:
    spec = NetworkSpec({}, True, len(texts[0]), {"state": 2}, position_bin=BIN)
    codes = torch.tensor([[LETTERS.index(letter) for letter in text] for text in texts])
    sequence = codes.to(torch.uint8)
    usage, others = FrameFeatures(spec)(one_hot(sequence) if encoded else sequence)
    return usage.numpy(), others.numpy()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    rng = np.random.default_rng(4)
    return ["".join(rng.choice([*LETTERS], 301, p=[0.3, 0.2, 0.2, 0.25, 0.05])) for _ in range(3)]


def codon_at(text: str, place: int, strand: int) -> str:
    """Return the codon whose left base lies at a place, N beyond the window."""
    codon = text[place : place + 3].ljust(3, "N")
    return "".join(PAIRS[base] for base in reversed(codon)) if strand else codon


@pytest.mark.parametrize("encoded", [False, True])
def test_usage_is_the_share_of_each_codon_in_a_bin_and_frame(
    texts: list[str], encoded: bool
) -> None:
    usage, others = features_of(texts, encoded)
    bins = math.ceil(301 / BIN)
    assert usage.shape == (3, 2, 3, bins, 64)
    expected = np.zeros(usage.shape)
    for window, text in enumerate(texts):
        for strand in range(2):
            for frame in range(3):
                for bin_ in range(bins):
                    places = range(bin_ * BIN, min((bin_ + 1) * BIN, 303))
                    places = [place for place in places if place % 3 == frame]
                    for place in places:
                        codon = codon_at(text, place, strand)
                        if "N" not in codon:
                            cell = window, strand, frame, bin_, CODONS.index(codon)
                            expected[cell] += 1 / len(places)
    assert usage == pytest.approx(expected, abs=1e-6)
    assert others[..., 3] == pytest.approx(expected[..., CODONS.index("ATG")], abs=1e-6)


def test_stretches_reach_from_stop_to_stop_in_their_frame(texts: list[str]) -> None:
    _, others = features_of(texts)
    triplets = math.ceil(301 / 3)
    for window, text in enumerate(texts):
        for strand in range(2):
            for frame in range(3):
                stops = [
                    codon
                    for codon in range(triplets)
                    if codon_at(text, 3 * codon + frame, strand) in ("TAA", "TAG", "TGA")
                ]
                bins: dict[int, list[list[float]]] = {}
                for codon in range(triplets):
                    left = max([s for s in stops if s <= codon], default=-1)
                    right = min([s for s in stops if s >= codon], default=triplets)
                    ways = [codon - left, right - codon][:: -1 if strand else 1]
                    values = [math.log1p(x) - 3 for x in (right - left, *ways)]
                    bins.setdefault(min((3 * codon + frame) // BIN, 18), []).append(values)
                for bin_, values in bins.items():
                    found = others[window, strand, frame, bin_, :3]
                    assert found == pytest.approx(np.mean(values, axis=0), abs=1e-5)


def test_dna_that_is_one_hot_passes_a_gradient_on() -> None:
    spec = NetworkSpec({}, True, 60, {"state": 2}, position_bin=BIN)
    bases = one_hot(torch.randint(0, 4, (2, 60), dtype=torch.uint8)).requires_grad_()
    usage, _ = FrameFeatures(spec)(bases)
    usage.square().sum().backward()
    assert (bases.grad != 0).any(1).all()
