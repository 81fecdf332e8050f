"""The matrices that the demo plants, against the sites that papers give for their factors."""

import re

import numpy as np
import pytest

from chrompute.genome import BASES
from chrompute.motifs import read_motif
from helpers import ROOT

MOTIFS = ROOT / "config/demo/motifs.meme"
#: What the best word of each matrix must hold, on one of the strands.
SITES = {
    "CTCF": "CC[AG][CG][CT]AG[AG][GT]GGC",  # Kim 2007, Cell 128:1231
    "SP1": "GGGGCGG",  # Briggs 1986, Science 234:47
    "NRF1": "GCGC.TGCGC",  # Scarpulla 2008, Physiol Rev 88:611
    "TBP": "TATA[AT]A[AT]",  # Bucher 1990, J Mol Biol 212:563
    "GATA1": "[AT]GATA[AG]",  # Evans 1988, PNAS 85:5976
    "SPI1": "GAGGAA",  # Klemsz 1990, Cell 61:113
    "CEBPA": "TT[AG]C[AG][CT]AA",  # Osada 1996, J Biol Chem 271:3891
    "FOS::JUN": "TGA[CG]TCA",  # Angel 1987, Cell 49:729
    "REST": "TCAGCACC.[CT]GGACAG",  # Schoenherr 1996, PNAS 93:9881
    "YY1": "A[AC]ATGG",  # Hyde-DeRuyscher 1995, NAR 23:4457
}


@pytest.mark.parametrize("name", SITES)
def test_matrices_of_the_demo_have_their_factors_sites(name: str) -> None:
    motif = read_motif(MOTIFS, name)
    words = [scores.argmax(axis=1) for scores in (motif.scores, motif.reverse_complement)]
    assert any(re.search(SITES[name], "".join(BASES[b] for b in word)) for word in words)
    # Specific enough to be planted and found: a word in 4,000 at the most.
    assert motif.threshold(1 / 4000) is not None
    assert np.isfinite(motif.scores).all()


def test_the_demos_motif_file_holds_nothing_else() -> None:
    lines = MOTIFS.read_text().splitlines()
    titles = [line.split() for line in lines if line.startswith("MOTIF")]
    assert [title[2] for title in titles] == list(SITES)
    assert all(re.fullmatch(r"MA\d{4}\.\d", title[1]) for title in titles)
