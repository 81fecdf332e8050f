"""Grammars: which motifs the loci of a kind hold, and what state follows in a cell type."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Planted:
    """One motif to plant.

    Attributes
    ----------
    factor
        Name of its matrix.
    offset
        Place of its middle base relative to the locus' centre, bp downstream.
    reverse
        Whether it lies on the other strand than the locus.
    role
        What it is there for; written to the truth.
    """

    factor: str
    offset: int
    reverse: bool
    role: str


@dataclass(frozen=True)
class Kind:
    """A kind of locus.

    Attributes
    ----------
    plant
        Draws the motifs of one locus.
    state
        The state that the factors of a cell type bring about.
    rule
        Both in words; written to the truth.
    bump
        What is added to the share of G and C around the centre, and over how many bp.
    gene
        Whether a gene starts at the centre.
    """

    plant: Callable[[np.random.Generator], list[Planted]]
    state: Callable[[Collection[str]], str]
    rule: str
    bump: tuple[float, int] = (0.0, 1)
    gene: bool = False


#: Distance in bp between the middles of the paired motifs, and how far it may be off.
PAIR_SPACING, PAIR_SLACK = 14, 1
#: Mean number of further motifs of a cluster, and how far from the centre they lie.
CLUSTER_MORE, CLUSTER_REACH = 2.5, 110


#: The rules of spacing and orientation as values, for the truth; places are bp downstream of the
#: centre, spreads standard deviations in bp.
SPACING_RULES: dict[str, dict[str, Any]] = {
    "enhancer_pair": {
        "factors": ["SPI1", "CEBPA"],
        "distance_of_middles": PAIR_SPACING,
        "slack": PAIR_SLACK,
        "orientation": "same strand, CEBPA downstream",
    },
    "enhancer_cluster": {
        "factors": ["GATA1"],
        "fewest": 2,
        "mean_number": 2 + CLUSTER_MORE,
        "within": CLUSTER_REACH,
    },
    "promoter_constant": {"NRF1": {"at": -45, "spread": 12}, "SP1": {"at": -80, "spread": 25}},
    "promoter_gata": {"TBP": {"at": -30, "spread": 2}, "GATA1": {"at": -90, "spread": 25}},
    "promoter_yy1": {"YY1": {"at": 10, "spread": 6}},
    "insulator": {"CTCF": {"at": 0, "spread": 3}},
}


def _near(rng: np.random.Generator, centre: int, spread: float) -> int:
    return int(np.rint(rng.normal(centre, spread)))


def _strand(rng: np.random.Generator) -> bool:
    return bool(rng.random() < 0.5)


def _none(rng: np.random.Generator) -> list[Planted]:
    return []


def _localised(rng: np.random.Generator, kind: str, factor: str) -> int:
    rule = SPACING_RULES[kind][factor]
    return _near(rng, rule["at"], rule["spread"])


def _insulator(rng: np.random.Generator) -> list[Planted]:
    return [Planted("CTCF", _localised(rng, "insulator", "CTCF"), False, "single")]


def _promoter_constant(rng: np.random.Generator) -> list[Planted]:
    kind = "promoter_constant"
    boxes = [Planted("NRF1", _localised(rng, kind, "NRF1"), _strand(rng), "localised")]
    for _ in range(1 + rng.poisson(1.0)):
        boxes.append(Planted("SP1", _localised(rng, kind, "SP1"), _strand(rng), "density"))
    return boxes


def _promoter_gata(rng: np.random.Generator) -> list[Planted]:
    kind = "promoter_gata"
    tata = Planted("TBP", _localised(rng, kind, "TBP"), False, "localised")
    return [tata, Planted("GATA1", _localised(rng, kind, "GATA1"), _strand(rng), "single")]


def _promoter_yy1(rng: np.random.Generator) -> list[Planted]:
    return [Planted("YY1", _localised(rng, "promoter_yy1", "YY1"), False, "localised")]


def _enhancer_cluster(rng: np.random.Generator) -> list[Planted]:
    number = 2 + rng.poisson(CLUSTER_MORE)
    places = rng.integers(-CLUSTER_REACH, CLUSTER_REACH + 1, number)
    return [Planted("GATA1", int(place), _strand(rng), "density") for place in places]


def _enhancer_pair(rng: np.random.Generator) -> list[Planted]:
    first, turned = _near(rng, 0, 25), _strand(rng)
    spacing = PAIR_SPACING + int(rng.integers(-PAIR_SLACK, PAIR_SLACK + 1))
    second = first + (-spacing if turned else spacing)
    return [Planted("SPI1", first, turned, "pair"), Planted("CEBPA", second, turned, "pair")]


def _enhancer_single(rng: np.random.Generator) -> list[Planted]:
    return [Planted("FOS::JUN", _near(rng, 0, 20), _strand(rng), "single")]


def _silencer(rng: np.random.Generator) -> list[Planted]:
    return [Planted("REST", _near(rng, 0, 60), _strand(rng), "single")]


def _decoy(rng: np.random.Generator) -> list[Planted]:
    """Plant the motifs of a pair at a wrong distance."""
    first, turned = _near(rng, 0, 25), _strand(rng)
    wrong = int(rng.integers(22, 60)) * (1 if _strand(rng) else -1)
    second = Planted("CEBPA", first + wrong, turned != _strand(rng), "decoy")
    return [Planted("SPI1", first, turned, "decoy"), second]


def _by_number(*factors: str) -> Callable[[Collection[str]], str]:
    """Strong with all factors, weak with some, quiescent with none."""

    def state(active: Collection[str]) -> str:
        there = sum(factor in active for factor in factors)
        return {0: "quiescent", len(factors): "strong_enhancer"}.get(there, "weak_enhancer")

    return state


def _switch(factor: str, on: str, off: str) -> Callable[[Collection[str]], str]:
    return lambda active: on if factor in active else off


def _always(state: str) -> Callable[[Collection[str]], str]:
    return lambda active: state


_ISLAND = (0.20, 400)

KINDS = {
    "insulator": Kind(_insulator, _always("insulator"), "one CTCF motif at the centre: insulator"),
    "promoter_constant": Kind(
        _promoter_constant,
        _always("active_promoter"),
        "NRF1 45 bp and one or more SP1 about 80 bp upstream of the TSS, CpG island: "
        "active promoter",
        _ISLAND,
        gene=True,
    ),
    "promoter_gata": Kind(
        _promoter_gata,
        _switch("GATA1", "active_promoter", "poised_promoter"),
        "TATA box 30 bp and GATA1 about 90 bp upstream of the TSS: active with GATA1, else poised",
        gene=True,
    ),
    "promoter_yy1": Kind(
        _promoter_yy1,
        _switch("YY1", "active_promoter", "poised_promoter"),
        "YY1 10 bp downstream of the TSS, CpG island: active with YY1, else poised",
        _ISLAND,
        gene=True,
    ),
    "enhancer_cluster": Kind(
        _enhancer_cluster,
        _by_number("GATA1"),
        f"two or more (mean {2 + CLUSTER_MORE:g}) GATA1 within {CLUSTER_REACH} bp: strong enhancer "
        "with GATA1, else quiescent",
    ),
    "enhancer_pair": Kind(
        _enhancer_pair,
        _by_number("SPI1", "CEBPA"),
        f"SPI1 and CEBPA on one strand, CEBPA {PAIR_SPACING} bp (give or take {PAIR_SLACK}) "
        "downstream: strong enhancer with both, weak with one, else quiescent",
    ),
    "enhancer_single": Kind(
        _enhancer_single,
        _switch("FOS::JUN", "weak_enhancer", "quiescent"),
        "one FOS::JUN near the centre: weak enhancer with it, else quiescent",
    ),
    "silencer": Kind(
        _silencer,
        _switch("REST", "repressed", "quiescent"),
        "one REST motif: repressed with REST, else quiescent",
    ),
    "heterochromatin": Kind(
        _none, _always("repressed"), "no motif, A/T-rich: repressed", (-0.06, 1500)
    ),
    "decoy": Kind(
        _decoy,
        _always("quiescent"),
        "SPI1 and CEBPA at a wrong distance (22 to 59 bp): quiescent",
    ),
    "desert": Kind(_none, _always("quiescent"), "no motif: quiescent"),
    "body": Kind(
        _none,
        _always("quiescent"),  # decided by its promoter (genome.draw_loci)
        "no motif, behind a promoter: transcribed where that is active, else quiescent",
    ),
}
