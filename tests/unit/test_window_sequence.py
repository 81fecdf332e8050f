"""DNA of windows against strings."""

import numpy as np
import pytest
import torch

from chrompute.genome import UNKNOWN_BASE, encode
from chrompute.window_sequence import UNKNOWN, GenomeSequence
from image_tools import CPU, DEVICES

SIZES = {"chr1": 6000, "short": 40, "chr2": 3000}
WIDTH = 201
FAR = 10_000_000


def letters_of(text: str, begin: int, turned: bool) -> str:
    """Return the bases of a window, N off the chromosome, from the string of the chromosome."""
    window = "".join(
        text[base].upper() if 0 <= base < len(text) else "N" for base in range(begin, begin + WIDTH)
    ).replace("R", "N")
    return window[::-1].translate(str.maketrans("ACGT", "TGCA")) if turned else window


@pytest.mark.parametrize("name", DEVICES)
def test_codes_equal_strings_on_both_strands(name: str) -> None:
    device = torch.device(name)
    rng = np.random.default_rng(4)
    text = {chrom: "".join(rng.choice([*"ACGTNacgtR"], size)) for chrom, size in SIZES.items()}
    genome = {chrom: encode(sequence) for chrom, sequence in text.items()}
    chrom = rng.integers(0, 3, 80)
    starts = rng.integers(-250, 6100, 80)
    starts[:6] = [-FAR, FAR, -201, 6000, -200, 5999]
    chrom[:6] = 0
    shift = rng.integers(-9, 10, 80)
    shift[:6] = 0
    source = GenomeSequence(genome, chrom, starts, WIDTH, device, CPU)
    ids = rng.permutation(np.arange(80).repeat(2))
    reverse = rng.random(160) < 0.5
    arguments = [torch.from_numpy(array).to(device) for array in (ids, shift[ids], reverse)]
    found = source.codes(*arguments)
    assert found.dtype == torch.uint8
    assert found.device == arguments[0].device
    assert found.shape == (160, WIDTH)
    names = list(SIZES)
    for row, (window, turned) in enumerate(zip(ids, reverse, strict=True)):
        letters = letters_of(text[names[chrom[window]]], starts[window] + shift[window], turned)
        assert "".join("ACGTN"[code] for code in found[row].tolist()) == letters


def test_unknown_bases_have_the_code_of_encoded_genomes() -> None:
    assert UNKNOWN == UNKNOWN_BASE
