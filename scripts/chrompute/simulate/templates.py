"""Templates of states in fragment space, learnt from loci whose truth is known.

Loci of every state are simulated in an experiment of its own, deeper than the one that is judged,
aligned by where their element truly lies, and gathered by how open and how wide they are. The
likelihood of a window under a state is the mean over its templates, both orientations and all
places of the element.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter
from scipy.special import gammaln, logsumexp

from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.simulate.assays import (
    DUPLICATION,
    Intervals,
    atac_fragments,
    join_genome,
    mnase_fragments,
)
from chrompute.simulate.chromatin import Chromatin, axis_offsets, draw_chromatin
from chrompute.simulate.design import STATES, Design
from chrompute.simulate.genome import draw_genome, draw_loci, locus_centres
from chrompute.vplots import fragments_at_sites

#: Assay behind each input, with the edges of its length rows in bp.
ROWS = {
    "vplot": ("ATAC", np.arange(20, 621, 20)),
    "mnase": ("MNase", np.array([60, 130, 146, 156, 166, 220])),
}
#: bp of a column, columns on each side of the middle one, and shifts that are tried on each side.
_BIN, _REACH, _SHIFTS = 20, 50, 10
#: How much deeper than a pooled cell type of two samples the templates are simulated.
_DEEPER = 4
#: Templates of a state: most classes of openness, classes of gap width or repeat length in each,
#: and loci that a template should have.
_OPEN, _WIDE, _LOCI = 8, 4, 19
#: Standard deviation, in pixels, by which templates are smoothed, and the share of a flat image.
_SMOOTH, _FLAT = 0.7, 0.02

#: Windows that are compared with all templates at once.
_BLOCK = 400
#: What is added to the seed of an experiment for that of the templates.
TEMPLATE_SEED = 1_000_003
#: Fewest loci of a state that templates are made of.
_FEWEST = 16

Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Templates:
    """What fragments of each state look like.

    Attributes
    ----------
    state
        int64 (n_templates,): state of each template.
    log_prior
        float64 (n_templates,): logarithm of its share in its state.
    shapes
        {input: float32 (n_templates, n_pixels)}: logarithm of each pixel's share.
    means, spreads
        {input: float64 (n_templates,)}: fragments of a window at the reference's depth, and the
        shape of the gamma distribution that this number follows among the template's loci.
    """

    state: npt.NDArray[np.int64]
    log_prior: Float
    shapes: Mapping[str, npt.NDArray[np.float32]]
    means: Mapping[str, Float]
    spreads: Mapping[str, Float]


def learn_templates(design: Design, inputs: Sequence[str]) -> Templates:
    """Simulate loci of all states and gather their templates.

    Parameters
    ----------
    design
        The design of the experiment that is to be judged; another seed is used.
    inputs
        Any of "vplot" and "mnase".
    """
    design = replace(design, seed=design.seed + TEMPLATE_SEED)
    loci = draw_loci(design)
    rng = design.rng("oracle")
    loci["reference"] = np.array(STATES)[rng.permutation(len(loci)) % len(STATES)]
    axis = join_genome(draw_genome(design, loci)[0], design)
    chromatin = draw_chromatin(loci, "reference", design)
    groups = _groups(chromatin)
    steps = np.arange(-_SHIFTS, _SHIFTS + 1)
    shift = _shift_prior(chromatin, loci, design, steps)
    number = len(groups)
    state = np.repeat([code for code, _ in groups], 2 * steps.size)
    prior = (
        np.concatenate([np.tile(shift[code], 2) for code, _ in groups]) * len(STATES) / (2 * number)
    )
    shapes, means, spreads = {}, {}, {}
    kb = sum(design.sizes.values()) / 1000
    for name in inputs:
        assay, edges = ROWS[name]
        draw = {"ATAC": atac_fragments, "MNase": mnase_fragments}[assay]
        wanted = int(_DEEPER * 2 * design.depth[assay] * kb)
        fragments = draw(chromatin, axis, wanted, design, rng)
        # As in the stores of the experiment: a cut is the middle of the bases that it doubles.
        inward = DUPLICATION // 2 if assay == "ATAC" else 0
        fragments = {c: (low + inward, high - inward) for c, (low, high) in fragments.items()}
        images, total = _aligned_images(fragments, chromatin, design, edges, groups)
        shapes[name] = _all_shifts(images, steps)
        mean = np.array([total[rows].mean() for _, rows in groups])
        excess = np.array([total[rows].var() for _, rows in groups]) - mean
        means[name] = np.repeat(mean, 2 * steps.size)
        spread = mean**2 / np.maximum(excess, 1e-3 * mean**2)
        spreads[name] = np.repeat(spread, 2 * steps.size)
    assert len(state) == number * 2 * steps.size
    return Templates(state, np.log(prior), shapes, means, spreads)


def _groups(chromatin: Chromatin) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """Divide the loci of each state by openness, and these by width; return (state, rows)."""
    groups = []
    fewest = len(chromatin.loci) // len(STATES)
    if fewest < _FEWEST:
        raise InputError(
            f"simulation: {len(chromatin.loci)} loci are too few for an oracle; give it at least "
            f"{_FEWEST * len(STATES)} by more or longer chromosomes, or remove the oracles"
        )
    classes = int(np.clip(fewest // (_WIDE * _LOCI), 2, _OPEN))
    for code, state in enumerate(STATES):
        own = chromatin.loci[chromatin.loci["state"] == state]
        gapped = bool((own["gap"] > 0).all())
        openness = own["access"] if gapped else own["linker"]
        for part in np.array_split(own.index[np.argsort(openness, kind="stable")], classes):
            width = own.loc[part, "gap" if gapped else "spacing"]
            ordered = part[np.argsort(width, kind="stable")]
            groups += [(code, np.asarray(half)) for half in np.array_split(ordered, _WIDE)]
    return groups


def _shift_prior(
    chromatin: Chromatin, loci: pd.DataFrame, design: Design, steps: npt.NDArray[np.int64]
) -> Float:
    """Return how often elements of each state lie how many bins beside the window's centre."""
    offsets = loci["chrom"].map(axis_offsets(design.sizes)).to_numpy(np.int64)
    aside = chromatin.loci["origin"].to_numpy(np.int64) - offsets - locus_centres(loci)
    bins = np.clip(np.rint(aside / _BIN), steps[0], steps[-1]).astype(np.int64) - steps[0]
    prior = np.ones((len(STATES), steps.size))
    codes = pd.Index(STATES).get_indexer(chromatin.loci["state"])
    np.add.at(prior, (codes, bins), 1.0)
    return prior / prior.sum(axis=1, keepdims=True)


def _aligned_images(
    fragments: Intervals,
    chromatin: Chromatin,
    design: Design,
    edges: npt.NDArray[np.int64],
    groups: Sequence[tuple[int, npt.NDArray[np.int64]]],
) -> tuple[Float, Float]:
    """Return one wide image a group, elements aligned and turned, and each locus' fragments."""
    offsets = axis_offsets(design.sizes)
    middle = [(low + high - 1) // 2 + offsets[chrom] for chrom, (low, high) in fragments.items()]
    length = [high - low for low, high in fragments.values()]
    place, lengths = np.concatenate(middle), np.concatenate(length)
    order = np.argsort(place, kind="stable")
    place, lengths = place[order], lengths[order]
    rows = np.searchsorted(edges, lengths, side="right") - 1
    inside = (rows >= 0) & (rows < len(edges) - 1)
    place, rows = place[inside], rows[inside]
    wide = _REACH + _SHIFTS
    origin = chromatin.loci["origin"].to_numpy(np.int64)
    sign = chromatin.loci["sign"].to_numpy(np.int64)
    first = np.searchsorted(place, origin - wide * _BIN - _BIN // 2)
    last = np.searchsorted(place, origin + wide * _BIN + _BIN // 2)
    images = np.zeros((len(groups), len(edges) - 1, 2 * wide + 1))
    total = np.zeros(len(origin))
    for group, (_, members) in enumerate(groups):
        for locus in members:
            own = slice(first[locus], last[locus])
            column = (sign[locus] * (place[own] - origin[locus]) + _BIN // 2) // _BIN + wide
            column = np.clip(column, 0, 2 * wide)
            np.add.at(images[group], (rows[own], column), 1.0)
            total[locus] = (np.abs(column - wide) <= _REACH).sum()
        images[group] /= len(members)
    return images, total


def _all_shifts(images: Float, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Cut each wide image at every shift and turn it; return log shares, (n, n_pixels)."""
    found = []
    for image in images:
        smooth = gaussian_filter(image, _SMOOTH, mode="nearest")
        for turned in (smooth, smooth[:, ::-1]):
            for step in steps:
                # An element to the right of the window's centre: the window shows its left side.
                begin = _SHIFTS - step
                cut = turned[:, begin : begin + 2 * _REACH + 1]
                share = (1 - _FLAT) * cut / cut.sum() + _FLAT / cut.size
                found.append(np.log(share).ravel().astype(np.float32))
    return np.array(found)


def window_images(
    stores: Mapping[str, Fragments], windows: pd.DataFrame, name: str
) -> npt.NDArray[np.float32]:
    """Count the fragments of each window on the oracle's pixels, (n_windows, n_pixels).

    Parameters
    ----------
    stores
        {cell type: fragments, shifted so that both cuts of a fragment are its ends}.
    windows
        Columns `cell_type`, `chrom`, `centre`.
    name
        "vplot" or "mnase".
    """
    edges = ROWS[name][1]
    columns = 2 * _REACH + 1
    counts = np.zeros((len(windows), len(edges) - 1, columns), dtype=np.float32)
    for cell_type, store in stores.items():
        mine = np.flatnonzero(windows["cell_type"] == cell_type)
        sites = windows.iloc[mine][["chrom", "centre"]].rename(columns={"centre": "position"})
        sites = sites.assign(strand=".").reset_index(drop=True)
        site, offset, length = fragments_at_sites(store, sites, _REACH * _BIN + _BIN // 2 - 1)
        row = np.searchsorted(edges, length, side="right") - 1
        inside = (row >= 0) & (row < len(edges) - 1)
        column = (offset + _BIN // 2) // _BIN + _REACH
        np.add.at(counts, (mine[site[inside]], row[inside], column[inside]), 1.0)
    return counts.reshape(len(windows), -1)


def state_likelihoods(
    templates: Templates, images: Mapping[str, npt.NDArray[np.float32]], frequency: Float
) -> Float:
    """Return the log-likelihood of each window under each state, (n_windows, 8).

    Parameters
    ----------
    templates, images
        Of the same inputs; those of one window share its template.
    frequency
        (8,): share of each state. With it the depth of the experiment over that of the templates
        follows from the mean number of fragments of all windows; it is one for all cell types.
    """
    share = frequency[templates.state] * np.exp(templates.log_prior)
    ratios = {
        name: float(counts.sum(axis=1).mean() / (share @ templates.means[name]))
        for name, counts in images.items()
    }
    number = len(next(iter(images.values())))
    found = np.empty((number, len(STATES)))
    for begin in range(0, number, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        scores = templates.log_prior + sum(
            _template_scores(templates, name, counts[rows], ratios[name])
            for name, counts in images.items()
        )
        for code in range(len(STATES)):
            found[rows, code] = logsumexp(scores[:, templates.state == code], axis=1)
    return found


def _template_scores(
    templates: Templates, name: str, counts: npt.NDArray[np.float32], ratio: float
) -> Float:
    """Return the log-likelihood of windows under each template, up to a constant of each window."""
    total = counts.sum(axis=1).astype(float)[:, None]
    shape, mean = templates.spreads[name], templates.means[name] * ratio
    # Negative binomial: Poisson numbers whose means differ among the loci of a template.
    number = gammaln(total + shape) - gammaln(shape) + shape * np.log(shape / (shape + mean))
    return counts @ templates.shapes[name].T + number + total * np.log(mean / (shape + mean))
