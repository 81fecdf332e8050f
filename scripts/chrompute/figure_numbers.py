"""The numbers that figures show, as tidy tables: V-plots, one locus, learning curves."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.attribution_figures import Arrays
from chrompute.vplot_figures import smoothed_vplot
from chrompute.vplots import Vplot
from chrompute.whole_files import written_whole

#: Pixels of V-plots in tables, bp of length and of position: what the smoothing leaves.
_LENGTHS, _POSITIONS = 5, 10
_LOCUS_COLUMNS = ("shows", "input", "class", "channel", "position", "length", "value")


def write_numbers(table: pd.DataFrame, path: str | Path) -> None:
    """Write the numbers of a figure; gzip where the name ends so, of equal bytes each time."""
    data = table.to_csv(sep="\t", index=False, float_format="%.6g").encode()
    # The name of the file would stand in what pandas packs, and is another one until it is whole.
    with written_whole(path) as part:
        part.write_bytes(gzip.compress(data, mtime=0) if str(path).endswith(".gz") else data)


def vplot_numbers(vplots: Sequence[tuple[str, Vplot]]) -> pd.DataFrame:
    """Return the smoothed pixels of V-plots, means over 5 bp of length by 10 bp of position.

    Parameters
    ----------
    vplots
        (title, V-plot) pairs.

    Returns
    -------
    DataFrame
        Columns `class` (the title), `sites`, `min_length`, `first_position` (bp) and
        `fragments_per_site_and_million`; what is left of a last pixel is left out.
    """
    parts = []
    for title, vplot in vplots:
        image = smoothed_vplot(vplot)
        rows, columns = image.shape[0] // _LENGTHS, image.shape[1] // _POSITIONS
        whole = image[: rows * _LENGTHS, : columns * _POSITIONS]
        pooled = whole.reshape(rows, _LENGTHS, columns, _POSITIONS).mean(axis=(1, 3))
        length, position = np.indices(pooled.shape)
        pixels = {
            "class": title,
            "sites": vplot.n_sites,
            "min_length": vplot.lengths[0] + _LENGTHS * length.ravel(),
            "first_position": vplot.positions[0] + _POSITIONS * position.ravel(),
            "fragments_per_site_and_million": pooled.ravel(),
        }
        parts.append(pd.DataFrame(pixels))
    return pd.concat(parts)


def locus_numbers(arrays: Arrays, index: int) -> pd.DataFrame:
    """Return what the layer figure of a locus shows, panel by panel.

    Parameters
    ----------
    arrays, index
        As for `chrompute.layer_figures.draw_layers`.

    Returns
    -------
    DataFrame
        `shows` is "fragment", "attribution" (nats), "early layer" or "middle layer" (standard
        deviations) or "probability"; `position` and `length` (bp) are those of the fragment, or
        the lower ends of a pixel; `value` is empty for fragments. Columns that a row does not
        need are empty.
    """
    parts = []
    for name in arrays["inputs"].tolist():
        position, length = arrays[f"points:{name}:{index}"]
        points = pd.DataFrame({"position": position, "length": length})
        parts.append(points.assign(shows="fragment", input=name))
        pixels = _pixels(arrays, name, arrays[f"attribution:{name}"][index])
        parts.append(pixels.assign(shows="attribution", input=name))
        early = _channels(arrays, arrays[f"layer:early:{name}"][index])
        parts.append(early.assign(shows="early layer", input=name))
    parts.append(_channels(arrays, arrays["layer:middle"][index]).assign(shows="middle layer"))
    answers = {"class": arrays["classes"], "value": arrays["probabilities"][index]}
    parts.append(pd.DataFrame(answers).assign(shows="probability"))
    table = pd.concat(parts).reindex(columns=list(_LOCUS_COLUMNS))
    return table.astype(dict.fromkeys(("channel", "position", "length"), "Int64"))


def _pixels(arrays: Arrays, name: str, values: npt.NDArray[np.floating]) -> pd.DataFrame:
    rows, columns = np.indices(values.shape)
    places = {
        "length": arrays[f"lengths:{name}"][rows.ravel()],
        "position": arrays[f"positions:{name}"][columns.ravel()],
    }
    return pd.DataFrame(places | {"value": values.ravel()})


def _channels(arrays: Arrays, values: npt.NDArray[np.floating]) -> pd.DataFrame:
    """Return the drawn channels of a layer, whose columns share the width of the window."""
    borders = arrays[f"positions:{arrays['inputs'][0]}"]
    starts = np.linspace(borders[0], borders[-1], values.shape[1], endpoint=False)
    channel, column = np.indices(values.shape)
    places = {"channel": 1 + channel.ravel(), "position": np.floor(starts[column.ravel()])}
    return pd.DataFrame(places | {"value": values.ravel()})


def learning_numbers(histories: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Return the histories of all seeds below each other, `seed` first."""
    parts = [history.assign(seed=seed) for seed, history in histories.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[["seed", *(name for name in table if name != "seed")]]
