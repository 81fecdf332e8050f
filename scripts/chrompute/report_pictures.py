"""Pictures of reports: the figure, what it shows in words, and where its numbers lie."""

import base64
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

#: Bytes up to which a page holds a picture as it is; larger ones lose what no eye sees.
_EXACT = 100_000
#: Quality of these, of 100.
_QUALITY = 92
#: What figures are drawn from: the first pattern that a path in the results matches, and the path
#: of the numbers.
_NUMBERS = [
    (r"figures/models\..*", "evaluation/metrics.tsv"),
    (r"figures/reliability\..*", "evaluation/reliability.tsv"),
    (r"figures/modalities\..*", "evaluation/modalities.tsv"),
    (r"figures/confusion\..*", "evaluation/confusion.tsv"),
    (r"figures/depth\..*", "evaluation/depth.tsv"),
    (r"figures/transfer\..*", "evaluation/transfer.tsv"),
    (r"(figures/learning\..+)\.png", r"\1.tsv"),
    (r"figures/composition\.([^.]+)\..*", r"windows/\1.json"),
    (r"(vplots/.+/classes)\.png", r"\1.tsv.gz"),
    (r"(vplots/.+?)(\.corrected)?\.png", r"\1.npz"),
    (r"(nucleosomes/.+)\.png", r"\1.tsv"),
    (r"(interpretation/.+\.loci)/.+\.png", r"\1.npz"),
    (r"(interpretation/.+)/embedding\..+\.png", r"\1/embedding.tsv"),
    (r"(interpretation/.+)\.attributions\.png", r"\1.bands.tsv"),
    (r"(quality/.+)\.tss_heatmap\.png", r"\1.tss_matrix.gz"),
    (r"(quality/.+\.fingerprint)\.png", r"\1.counts.tsv"),
    (r"(quality/.+)\.png", r"\1.tsv"),
]


@dataclass(frozen=True)
class Picture:
    """A figure in a report.

    Attributes
    ----------
    data
        The picture as WebP, base64.
    alt
        What it shows, for those who cannot see it.
    caption
        What to look for.
    pdf
        Path of the same figure as PDF, relative to the report; empty where there is none.
    numbers
        Path of the table or arrays that it is drawn from, relative to the report; empty where
        there is none.
    """

    data: str
    alt: str
    caption: str
    pdf: str
    numbers: str = ""

    @classmethod
    def read(
        cls,
        png: str | Path,
        folder: str | Path,
        alt: str,
        caption: str,
        numbers: Path | None = None,
    ) -> "Picture":
        """Read a PNG; its PDF, if any, lies beside it under the same name."""
        data = base64.b64encode(as_webp(png)).decode("ascii")
        links = [_link(path, folder) for path in (Path(png).with_suffix(".pdf"), numbers)]
        return cls(data, alt, caption, *links)


def as_webp(png: str | Path) -> bytes:
    """Return a picture in a third of the bytes of its PNG or less, so that pages stay small.

    The pixels are the same where the picture is small then (100 kB); others are compressed with
    quality 92, which shows no difference. The PDF beside a picture is what can be enlarged.
    """
    with Image.open(png) as opened:
        pixels = opened.convert("RGB")
    for options in ({"lossless": True}, {"quality": _QUALITY}):
        stream = io.BytesIO()
        pixels.save(stream, "WEBP", **options)
        if stream.tell() <= _EXACT:
            break
    return stream.getvalue()


def _link(path: Path | None, folder: str | Path) -> str:
    """Return the path relative to a folder; empty where there is no such file."""
    if path is None or not path.exists():
        return ""
    return Path(os.path.relpath(path, folder)).as_posix()


def find_picture(results: Path, place: str, alt: str, caption: str) -> Picture:
    """Read a figure of the results for a page of `reports`, with a link to its numbers.

    Parameters
    ----------
    results
        The results folder.
    place
        Path of the PNG inside it.
    alt, caption
        As in `Picture`.
    """
    numbers = numbers_of(place)
    folder = results / "reports"
    return Picture.read(
        results / place, folder, alt, caption, results / numbers if numbers else None
    )


def numbers_of(place: str) -> str:
    """Return the path of what a figure is drawn from; empty where nothing is known of it."""
    for pattern, numbers in _NUMBERS:
        found = re.fullmatch(pattern, place)
        if found:
            return found.expand(numbers)
    return ""


@dataclass(frozen=True)
class CellTypePictures:
    """Finds the pictures of one cell type's report."""

    results: Path
    cell_type: str

    def picture(self, place: str, alt: str, caption: str) -> Picture:
        """Find any figure of the results."""
        return find_picture(self.results, place, alt, caption)

    def vplot(self, name: str, title: str) -> Picture:
        """Find the V-plot at a site set."""
        return self.picture(
            f"vplots/{self.cell_type}/{name}.png",
            f"V-plot at {title}",
            f"ATAC fragments at {title}, by midpoint and length. Short fragments over the site "
            "are open DNA; fragments of 150 to 200 bp are nucleosomes.",
        )

    def corrected(self, name: str, title: str) -> Picture:
        """Find the corrected V-plot at a site set."""
        return self.picture(
            f"vplots/{self.cell_type}/{name}.corrected.png",
            f"Corrected V-plot at {title}",
            f"The same at {title} over what the lengths of all fragments and the number of "
            "fragments at each position let expect: red is more fragments of this length than "
            "elsewhere, blue fewer, grey too few expected to tell.",
        )

    def panel(self) -> Picture:
        """Find the V-plots of all classes."""
        return self.picture(
            f"vplots/{self.cell_type}/classes.png",
            "V-plots of all classes",
            "V-plots around the windows of each class, all on one logarithmic colour scale; in "
            "brackets the number of windows. What differs between them (short fragments in the "
            "middle, nucleosomes beside it) is what a model can learn. Windows have no strand, so "
            "these are not turned.",
        )

    def profile(self, name: str, title: str) -> Picture:
        """Find the dyad profile at a site set."""
        return self.picture(
            f"nucleosomes/{self.cell_type}/{name}.png",
            f"Dyad density around {title}",
            f"MNase dyads, and midpoints of mono-nucleosomal ATAC fragments, around {title}, over "
            "the genome's mean; downstream is to the right. Evenly spaced peaks are nucleosomes "
            "that stand in line, a dip in the middle is DNA free of them. Grey: per base; "
            "coloured: smoothed; labels: peaks, in bp.",
        )

    def phasogram(self) -> Picture:
        """Find the distances between dyads."""
        return self.picture(
            f"nucleosomes/{self.cell_type}/pooled.phasing.png",
            "Distances between dyads, and the nucleosome repeat length",
            "Left: distances between MNase dyads, all samples pooled; grey per bp, blue smoothed, "
            "dotted the trend. Right: the peaks against their number; the slope is the nucleosome "
            "repeat length, with its 95 % interval.",
        )
