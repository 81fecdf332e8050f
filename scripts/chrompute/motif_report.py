"""What a report says of the motifs that networks read in the DNA."""

from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.motif_names import known_motifs
from chrompute.windows_report import FindPicture

#: Patterns that a page lists; the files hold all of them.
_MOST = 12


def motif_content(folder: str, sites: str, results: Path, picture: FindPicture) -> dict[str, Any]:
    """Gather what a network reads in the DNA of one class.

    Parameters
    ----------
    folder
        Where it is told, below the results.
    sites
        The class, "task.class".
    results
        The results folder.
    picture
        Finds a picture.

    Returns
    -------
    dict
        `windows`, a sentence; `rows` of `pattern`, `sign`, `seqlets`, `consensus` and `known`;
        `figures`, and `file`, a link to the table of patterns.
    """
    place = results / folder
    patterns, matches, windows = (
        pd.read_csv(place / f"{sites}.{end}.tsv", sep="\t")
        for end in ("motifs", "matches", "windows")
    )
    return {
        "windows": windows_sentence(windows),
        "rows": pattern_rows(patterns, matches),
        "figures": [
            picture(
                f"{folder}/{sites}.motifs.png",
                "Logos of the patterns",
                "Stretches of large attributions that look alike: height is the mean attribution "
                "of each base, in nats of the log-odds of the class. Bases above the line speak "
                "for it, those below against. In the titles stand the known motifs that match.",
            ),
            picture(
                f"{folder}/{sites}.mutations.png",
                "Effect of every substitution of a window",
                "What each single substitution would do to the score, predicted one by one: over "
                "the whole window, and closely where it does most. Bases that may not change "
                "without loss stand in a motif.",
            ),
        ],
        "file": f"../{folder}/{sites}.motifs.tsv",
    }


def windows_sentence(windows: pd.DataFrame) -> str:
    """Say what was explained, how much the DNA matters, and whether attributions add up."""
    if windows.empty:
        return "No window of this class has a known label, so none is explained."
    gain = windows["score"] - windows["reference_score"]
    return (
        f"{len(windows):,} windows. Their DNA raises the score of the class by {gain.median():.2f} "
        "nats in the median over shuffles of itself that keep its dinucleotides, and the "
        f"attributions add up to that but for {100 * windows['error'].max():.2g} % at most."
    )


def pattern_rows(patterns: pd.DataFrame, matches: pd.DataFrame) -> list[dict[str, str]]:
    """Return the patterns as rows of texts, each with the known motifs that it holds."""
    rows = []
    for one in patterns.head(_MOST).itertuples():
        rows.append(
            {
                "pattern": one.pattern,
                "sign": one.sign,
                "seqlets": f"{one.seqlets:,}",
                "consensus": one.consensus,
                "known": known_motifs(matches, one.pattern),
            }
        )
    return rows
