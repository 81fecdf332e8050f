"""Pictures of pages: which numbers they name, and how they are stored."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chrompute.report_pictures import as_webp, numbers_of


@pytest.mark.parametrize(
    ("figure", "numbers"),
    [
        ("figures/models.tiles.occupancy.c.png", "evaluation/metrics.tsv"),
        ("figures/learning.net.a.png", "figures/learning.net.a.tsv"),
        ("vplots/c/tss.corrected.png", "vplots/c/tss.npz"),
        ("vplots/c/classes.png", "vplots/c/classes.tsv.gz"),
        ("quality/c.lengths.png", "quality/c.lengths.tsv"),
        ("quality/c.tss_heatmap.png", "quality/c.tss_matrix.gz"),
        ("quality/s.fingerprint.png", "quality/s.fingerprint.counts.tsv"),
        ("nucleosomes/c/pooled.phasing.png", "nucleosomes/c/pooled.phasing.tsv"),
        ("interpretation/net/c/state.attributions.png", "interpretation/net/c/state.bands.tsv"),
        ("interpretation/net/embedding.state.png", "interpretation/net/embedding.tsv"),
        ("figures/new.png", ""),
    ],
)
def test_figures_name_their_numbers(figure: str, numbers: str) -> None:
    assert numbers_of(figure) == numbers


def test_small_pictures_keep_every_pixel_and_large_ones_become_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    plain = np.repeat(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8), 8, axis=1)
    smooth = np.add.outer(np.linspace(0, 120, 600), np.linspace(0, 120, 800))[..., None]
    noisy = (smooth + rng.normal(0, 4, (600, 800, 3))).clip(0, 255).astype(np.uint8)
    for pixels in (plain, noisy):
        Image.fromarray(pixels).save(tmp_path / "a.png")
        stored = as_webp(tmp_path / "a.png")
        with Image.open(io.BytesIO(stored)) as opened:
            assert opened.format == "WEBP"
            seen = np.asarray(opened.convert("RGB")).astype(int)
        if pixels is plain:
            assert np.array_equal(seen, pixels)
        else:
            assert len(stored) < (tmp_path / "a.png").stat().st_size / 3
            assert np.abs(seen.mean((0, 1)) - pixels.mean((0, 1))).max() < 1
