"""Classes of well-known segmentations, collapsed as most of their readers do.

Sources: the 15 and 18 states of Roadmap Epigenomics Consortium (2015), Nature 518:317, with the
mnemonics of its tables of the core-mark and the expanded model; the element classes of ENCODE's
registry of candidate cis-regulatory elements, Moore et al. (2020), Nature 583:699.
"""

from collections.abc import Mapping
from typing import Any

#: {class: (title, numbers of the states)}; the classes are the same for both Roadmap models.
_Collapse = Mapping[str, tuple[str, tuple[int, ...]]]

_ROADMAP_15 = (
    "TssA", "TssAFlnk", "TxFlnk", "Tx", "TxWk", "EnhG", "Enh", "ZNF/Rpts", "Het", "TssBiv",
    "BivFlnk", "EnhBiv", "ReprPC", "ReprPCWk", "Quies",
)  # fmt: skip
_COLLAPSE_15: _Collapse = {
    "promoter": ("promoter", (1, 2)),
    "enhancer": ("enhancer", (6, 7)),
    "transcribed": ("transcribed", (3, 4, 5)),
    "znf_repeats": ("ZNF genes, repeats", (8,)),
    "heterochromatin": ("heterochromatin", (9,)),
    "bivalent": ("bivalent", (10, 11, 12)),
    "polycomb": ("Polycomb", (13, 14)),
    "quiescent": ("quiescent", (15,)),
}
_ROADMAP_18 = (
    "TssA", "TssFlnk", "TssFlnkU", "TssFlnkD", "Tx", "TxWk", "EnhG1", "EnhG2", "EnhA1", "EnhA2",
    "EnhWk", "ZNF/Rpts", "Het", "TssBiv", "EnhBiv", "ReprPC", "ReprPCWk", "Quies",
)  # fmt: skip
_COLLAPSE_18: _Collapse = {
    "promoter": ("promoter", (1, 2, 3, 4)),
    "enhancer": ("enhancer", (7, 8, 9, 10, 11)),
    "transcribed": ("transcribed", (5, 6)),
    "znf_repeats": ("ZNF genes, repeats", (12,)),
    "heterochromatin": ("heterochromatin", (13,)),
    "bivalent": ("bivalent", (14, 15)),
    "polycomb": ("Polycomb", (16, 17)),
    "quiescent": ("quiescent", (18,)),
}
#: {class: (title, its names in the registry)}. Version 2 and 3 add ",CTCF-bound" to a class whose
#: element CTCF binds too.
_CCRE = {
    "promoter_like": ("promoter-like", ("PLS",)),
    "proximal_enhancer": ("proximal enhancer-like", ("pELS",)),
    "distal_enhancer": ("distal enhancer-like", ("dELS",)),
    "h3k4me3": ("open with H3K4me3", ("DNase-H3K4me3", "CA-H3K4me3")),
    "ctcf": ("CTCF", ("CTCF-only", "CA-CTCF")),
}
#: Registry names that are no class of their own: open without a mark, or not open.
_CCRE_EXCLUDED = ("CA", "CA-only", "CA-TF", "TF", "DNase-only", "Low-DNase")


def _names_of_state(number: int, mnemonic: str) -> list[str]:
    """Return how files call a state: with its number, without it, by its number alone."""
    return [f"{number}_{mnemonic}", mnemonic, f"E{number}"]


def _roadmap(mnemonics: tuple[str, ...], collapse: _Collapse) -> dict[str, Any]:
    classes = {
        name: {
            "title": title,
            "states": [s for n in numbers for s in _names_of_state(n, mnemonics[n - 1])],
        }
        for name, (title, numbers) in collapse.items()
    }
    return {"classes": classes, "exclude": []}


def _ccre() -> dict[str, Any]:
    def both(names: tuple[str, ...]) -> list[str]:
        return [text for name in names for text in (name, f"{name},CTCF-bound")]

    classes = {
        name: {"title": title, "states": both(states)} for name, (title, states) in _CCRE.items()
    }
    return {"classes": classes, "exclude": both(_CCRE_EXCLUDED)}


#: {name in the configuration: its `classes` and `exclude`}.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "roadmap15": _roadmap(_ROADMAP_15, _COLLAPSE_15),
    "roadmap18": _roadmap(_ROADMAP_18, _COLLAPSE_18),
    "ccre": _ccre(),
}
