"""Which known motifs a pattern is said to be."""

import pandas as pd

#: q-value below which a pattern is called by a known motif.
SIGNIFICANT = 0.05


def known_motifs(matches: pd.DataFrame, pattern: str) -> str:
    """Name the known motifs that a pattern significantly holds, with their q-values.

    Parameters
    ----------
    matches
        Rows of `{sites}.matches.tsv`, which has the nearest motif of a pattern in any case.
    pattern
        Which one.
    """
    own = matches[(matches["pattern"] == pattern) & (matches["q_value"] < SIGNIFICANT)]
    named = [f"{row.motif} (q = {row.q_value:.1g})" for row in own.itertuples()]
    return ", ".join(named) or "no known motif"
