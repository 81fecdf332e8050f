"""Copy figures of the paper set into docs/images/gallery, small enough for a page.

    snakemake figures --cores 2
    snakemake figures --cores 2 --configfile config/motifs.yaml
    python docs/make_gallery.py results/demo results/motifs     (make gallery)

One figure of each kind, of the first run and cell type that has it; the page is docs/gallery.md.
"""

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/images/gallery"
#: Kinds of figures that the page shows, and what narrows the choice.
FIGURES = {
    "vplots": "vplots.*",
    "nucleosomes": "nucleosomes.*",
    "layers": "layers.chrompute.*",
    "motifs": "motifs.dna.state.strong_enhancer.*",
    "models": "models.*.state.*",
    "confusion": "confusion.chrompute.*",
    "calibration": "calibration.*.state.*",
    "depth": "depth.*",
    "transfer": "transfer.*.state",
}
#: Pixels: two columns of a paper, wide enough for a screen.
DOTS_PER_INCH = 200


def main(results: list[Path]) -> None:
    """Copy what there is; say what is missing."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for kind, pattern in FIGURES.items():
        found = [p for run in results for p in sorted(run.glob(f"figures/paper/{pattern}.png"))]
        if not found:
            print(f"{kind}: there is none; run snakemake figures", file=sys.stderr)
            continue
        with Image.open(found[0]) as image:
            share = DOTS_PER_INCH / 450
            size = (round(image.width * share), round(image.height * share))
            small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        small.quantize(255).save(PAGES / f"{kind}.png", optimize=True)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
