"""Session files of the Integrative Genomics Viewer (IGV): tracks, labels and predictions.

The elements are those of sessions of version 8, which IGV Desktop reads (Robinson et al. 2011,
Nat Biotechnol 29:24; https://igv.org/doc/desktop): `Resource` names a file, and the `Track` whose
id is the same path says how it is drawn.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from chrompute.state_colours import Colour
from chrompute.whole_files import written_whole

_VERSION = "8"
_FEATURES, _NUMBERS = "org.broad.igv.track.FeatureTrack", "org.broad.igv.track.DataSourceTrack"
_HEIGHTS = {_FEATURES: 30, _NUMBERS: 50}


@dataclass(frozen=True)
class SessionTrack:
    """One line of the browser.

    Attributes
    ----------
    path
        The file: bigWig, or BED.
    name
        How the track is called.
    colour
        Red, green, blue, 0 to 255. Segments with colours of their own keep those.
    limits
        Smallest and largest value that is drawn; None lets IGV choose. BEDs have none.
    """

    path: str | Path
    name: str
    colour: Colour = (0, 0, 178)
    limits: tuple[float, float] | None = None

    @property
    def is_numbers(self) -> bool:
        """Whether it is a bigWig."""
        return str(self.path).endswith((".bw", ".bigwig", ".bigWig"))


def write_session(
    tracks: Sequence[SessionTrack], genome: str, path: str | Path, locus: str = "All"
) -> None:
    """Write a session; equal arguments give equal bytes.

    Parameters
    ----------
    tracks
        From top to bottom. One file is shown once.
    genome
        What IGV knows the genome by: an assembly such as "hg38", or the path of a FASTA.
    path
        The XML to write. Paths of files inside are relative to its folder, so that the results
        can be moved as a whole.
    locus
        What is shown at first.
    """
    folder = Path(path).parent
    root = ElementTree.Element(
        "Session",
        genome=_relative(genome, folder) if Path(genome).is_file() else genome,
        locus=locus,
        hasGeneTrack="false",
        hasSequenceTrack="true",
        version=_VERSION,
    )
    shown: dict[str, SessionTrack] = {}
    for track in tracks:
        shown.setdefault(_relative(track.path, folder), track)
    resources = ElementTree.SubElement(root, "Resources")
    panel = ElementTree.SubElement(root, "Panel", name="DataPanel")
    for place, track in shown.items():
        ElementTree.SubElement(resources, "Resource", path=place)
        _add_track(panel, place, track)
    ElementTree.indent(root, "  ")
    text = ElementTree.tostring(root, encoding="unicode")
    with written_whole(path) as part:
        part.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")


def _add_track(panel: ElementTree.Element, place: str, track: SessionTrack) -> None:
    kind = _NUMBERS if track.is_numbers else _FEATURES
    colour = ",".join(map(str, track.colour))
    scale = {"autoScale": str(track.limits is None).lower()} if track.is_numbers else {}
    drawn = {"renderer": "BAR_CHART"} if track.is_numbers else {"displayMode": "COLLAPSED"}
    element = ElementTree.SubElement(
        panel,
        "Track",
        {
            "attributeKey": track.name,
            "clazz": kind,
            "color": colour,
            "height": str(_HEIGHTS[kind]),
            "id": place,
            "name": track.name,
            "visible": "true",
            **scale,
            **drawn,
        },
    )
    if track.is_numbers and track.limits is not None:
        low, high = track.limits
        ElementTree.SubElement(
            element,
            "DataRange",
            baseline="0.0",
            drawBaseline="true",
            flipAxis="false",
            maximum=str(float(high)),
            minimum=str(float(low)),
            type="LINEAR",
        )


def _relative(place: str | Path, folder: Path) -> str:
    return Path(os.path.relpath(place, folder)).as_posix()
