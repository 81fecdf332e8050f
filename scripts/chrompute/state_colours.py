"""Colours of classes: those of the configuration, published ones, or a palette.

Sources: the states of Roadmap Epigenomics Consortium (2015), Nature 518:317, in the colours of the
browser tracks of both ChromHMM models; the groups of ENCODE's registry, Moore et al. (2020),
Nature 583:699, in those of SCREEN. A collapsed class has the colour of its leading state.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chrompute.palette import PALETTE
from chrompute.tasks import BOUND, NOT_BOUND, class_mapping

#: Red, green and blue, 0 to 255.
Colour = tuple[int, int, int]

_ROADMAP: Mapping[str, Colour] = {
    "promoter": (255, 0, 0),
    "enhancer": (255, 255, 0),
    "transcribed": (0, 128, 0),
    "znf_repeats": (102, 205, 170),
    "heterochromatin": (138, 145, 208),
    "bivalent": (205, 92, 92),
    "polycomb": (128, 128, 128),
    "quiescent": (255, 255, 255),
}
PRESET_COLOURS: Mapping[str, Mapping[str, Colour]] = {
    "roadmap15": _ROADMAP,
    "roadmap18": {**_ROADMAP, "enhancer": (255, 195, 77)},
    "ccre": {
        "promoter_like": (255, 0, 0),
        "proximal_enhancer": (255, 167, 0),
        "distal_enhancer": (255, 205, 0),
        "h3k4me3": (255, 170, 170),
        "ctcf": (0, 176, 240),
    },
}
_MARKS: Mapping[str, Colour] = {NOT_BOUND: (204, 204, 204), BOUND: (213, 94, 0)}
_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def parse_colour(text: str) -> Colour:
    """Read "#RRGGBB"."""
    found = _HEX.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no colour such as #0072B2")
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def class_colours(
    classes: Sequence[str], entry: Mapping[str, Any] | None = None
) -> dict[str, Colour]:
    """Return the colour of each class of a task.

    Parameters
    ----------
    classes
        Its classes, in order.
    entry
        The task's entry in the configuration, where it has one: a class's own `color` comes first,
        then the published one of a `preset`. Others are taken from a palette that colour-blind
        readers tell apart (Okabe and Ito 2008), each at the class's place; from the ninth class on
        they repeat, half as strong.
    """
    if entry is not None and entry["kind"] != "segmentation":
        entry = None
    blocks = {} if entry is None else class_mapping(entry)["classes"]
    own = {name: block["color"] for name, block in blocks.items() if block.get("color")}
    published = PRESET_COLOURS.get(entry.get("preset") or "", {}) if entry else {}
    if set(classes) == set(_MARKS):
        published = _MARKS
    found = {name: _from_palette(place) for place, name in enumerate(classes)}
    found |= {name: colour for name, colour in published.items() if name in found}
    return found | {name: parse_colour(text) for name, text in own.items() if name in found}


def _from_palette(place: int) -> Colour:
    colour = parse_colour(PALETTE[place % len(PALETTE)])
    if place < len(PALETTE):
        return colour
    red, green, blue = ((255 + part) // 2 for part in colour)
    return red, green, blue
