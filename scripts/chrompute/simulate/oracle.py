"""The oracle: what a classifier reaches that knows the simulator.

It compares the fragments of a window with templates of every state that it has simulated itself
(`chrompute.simulate.templates`), raises the likelihood to a power that it chose on a third
experiment, and, where it reads the sequence, knows which kind of locus it looks at. It is
a classifier that can be built, so on fragments alone its accuracy is a lower bound on the
Bayes-optimal one; the noise of the labels gives an upper bound (`label_limit`).
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logsumexp

from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.predictions import held_out, prediction_table
from chrompute.recipe import Recipe, Stores
from chrompute.simulate.assays import DUPLICATION
from chrompute.simulate.design import STATES, Design
from chrompute.simulate.experiment import draw_sample
from chrompute.simulate.genome import draw_genome, draw_loci, locus_centres
from chrompute.simulate.labels import confusion_of_labels, state_frequency
from chrompute.simulate.products import WRITTEN_SHIFTS
from chrompute.simulate.templates import (
    ROWS,
    TEMPLATE_SEED,
    Templates,
    learn_templates,
    state_likelihoods,
    window_images,
)

logger = logging.getLogger(__name__)

#: Powers of the likelihoods that are tried.
_POWERS = (0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.55, 0.75, 1.0)
#: Chromosomes of the experiment on which it is chosen, and samples of an assay that are pooled.
_CHROMOSOMES, _SAMPLES = 2, 2

Float = npt.NDArray[np.float64]


def state_priors(design: Design, windows: pd.DataFrame, sequence: bool) -> Float:
    """Return the probability of each state before fragments are seen, (n_windows, 8).

    Without the sequence it is the share of the state in all cell types. With it, the share among
    loci of the same kind in the same cell type: the oracle is told the kind (A/T-rich
    heterochromatin too), but not whether a locus without motifs is a gene body.

    Raises
    ------
    InputError
        When the sequence is wanted and a window is not centred on a locus.
    """
    other = draw_loci(replace(design, seed=design.seed + TEMPLATE_SEED))
    if not sequence:
        return np.tile(state_frequency(other, design), (len(windows), 1))
    own = draw_loci(design)
    places = pd.MultiIndex.from_arrays([own["chrom"], locus_centres(own)])
    wanted = pd.MultiIndex.from_arrays([windows["chrom"].astype(str), windows["centre"]])
    row = places.get_indexer(wanted)
    if (row < 0).any():
        raise InputError(
            f"{int((row < 0).sum())} windows are not centred on simulated loci, whose motifs an "
            "oracle of the sequence reads; centre them on the segments of the simulated labels "
            "(anchor 'centre', join false) or take 'sequence' from its inputs"
        )
    kind = own["kind"].replace({"body": "desert"}).to_numpy()[row]
    table = {}
    for cell_type in design.factors:
        counts = pd.crosstab(other["kind"].replace({"body": "desert"}), other[cell_type])
        counts = counts.reindex(columns=list(STATES), fill_value=0) + 0.1
        for name, shares in counts.div(counts.sum(axis=1), axis=0).iterrows():
            table[cell_type, name] = shares.to_numpy()
    # A kind that the other experiment happens not to hold says nothing.
    unknown = state_frequency(other, design)
    keys = zip(windows["cell_type"], kind, strict=True)
    return np.array([table.get(key, unknown) for key in keys])


def label_probabilities(log_likelihoods: Float, priors: Float, design: Design) -> Float:
    """Return the probability of each label, (n_windows, 8), from likelihoods of true states."""
    scores = log_likelihoods + np.log(priors)
    posterior = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    frequency = state_frequency(draw_loci(design), design)
    return posterior @ confusion_of_labels(frequency, design.agreement)


def label_limit(design: Design) -> float:
    """Return how often the likeliest label of the true state is given: what knowing it reaches."""
    frequency = state_frequency(draw_loci(design), design)
    return float(frequency @ confusion_of_labels(frequency, design.agreement).max(axis=1))


def choose_power(
    templates: Templates, design: Design, inputs: Sequence[str], sequence: bool
) -> float:
    """Choose the power of the likelihoods on an experiment that is used for nothing else.

    Fragments of a window are not independent (neighbours share a molecule, and no locus is its
    template), so their likelihood is too sure of itself and would drown what the sequence says.
    Raised to a power it is as sure as it is right: the one of `_POWERS` with the smallest mean
    log loss of the true states (temperature scaling: Guo 2017, ICML, PMLR 70:1321).

    Parameters
    ----------
    templates
        Of the inputs.
    design
        The design of the experiment that is to be judged; another seed is used.
    inputs
        Any of "vplot" and "mnase".
    sequence
        Whether the kinds of the loci are known (`state_priors`).
    """
    number = min(_CHROMOSOMES, design.chromosomes)
    other = replace(design, seed=design.seed + 2_000_003, chromosomes=number)
    windows, stores = draw_experiment(other, inputs)
    images = {name: window_images(stores[name], windows, name) for name in inputs}
    frequency = state_frequency(draw_loci(other), other)
    likelihoods = state_likelihoods(templates, images, frequency)
    priors = np.log(state_priors(other, windows, sequence))
    true = pd.Index(STATES).get_indexer(windows["state"])
    losses = {}
    for power in _POWERS:
        joint = priors + power * likelihoods
        joint -= logsumexp(joint, axis=1, keepdims=True)
        losses[power] = -joint[np.arange(len(true)), true].mean()
    return min(losses, key=lambda power: losses[power])


def draw_experiment(
    design: Design, inputs: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, dict[str, Fragments]]]:
    """Draw windows with their true states, and the pooled fragments that a model would read.

    Returns
    -------
    windows
        One row a locus and cell type: `cell_type`, `chrom`, `centre`, `state`.
    stores
        {input: {cell type: fragments, shifted to the middle of Tn5's duplication}}.
    """
    loci = draw_loci(design)
    genome, _ = draw_genome(design, loci)
    stores: dict[str, dict[str, Fragments]] = {name: {} for name in inputs}
    for name, cell_type in product(inputs, design.factors):
        assay = ROWS[name][0]
        inward = DUPLICATION // 2 - WRITTEN_SHIFTS[design.written_shift][0]
        inward = inward if assay == "ATAC" else 0
        rows = [
            (np.full(len(starts), code), starts + inward, ends - inward)
            for sample in range(_SAMPLES)
            for code, (starts, ends) in enumerate(
                draw_sample(design, genome, cell_type, assay, str(sample)).values()
            )
        ]
        joined = (np.concatenate(column) for column in zip(*rows, strict=True))
        stores[name][cell_type] = Fragments.from_intervals(design.sizes, *joined)
    tables = [
        pd.DataFrame(
            {
                "cell_type": cell_type,
                "chrom": loci["chrom"],
                "centre": locus_centres(loci),
                "state": loci[cell_type],
            }
        )
        for cell_type in design.factors
    ]
    return pd.concat(tables, ignore_index=True), stores


def run_oracle(
    recipe: Recipe, design: Design, windows: pd.DataFrame, stores: Stores, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predict the held-out windows, by likelihoods under the simulator.

    Parameters
    ----------
    recipe, seed
        The model; the oracle draws nothing from `seed`, since its templates are the design's.
    design
        What the windows were simulated by.
    windows
        Its window set.
    stores
        {input: {cell type: fragments}}.

    Returns
    -------
    predictions
        What `chrompute.predictions.prediction_table` makes.
    card
        What the oracle is, with `label_limit`.
    """
    windows = recipe.own_split(windows)
    windows = windows[held_out(windows)].reset_index(drop=True)
    inputs = [name for name in recipe.inputs if name in stores]
    frequency = state_frequency(draw_loci(design), design)
    likelihoods, power = np.zeros((len(windows), len(STATES))), 1.0
    if inputs:
        logger.info("simulating loci of all states for the templates of %s", ", ".join(inputs))
        templates = learn_templates(design, inputs)
        power = choose_power(templates, design, inputs, "sequence" in recipe.inputs)
        images = {name: window_images(stores[name], windows, name) for name in inputs}
        logger.info(
            "%d windows under %d templates, likelihoods to the power %g",
            len(windows), len(templates.state), power,
        )  # fmt: skip
        likelihoods = power * state_likelihoods(templates, images, frequency)
    priors = state_priors(design, windows, "sequence" in recipe.inputs)
    probabilities = label_probabilities(likelihoods, priors, design)
    ((task, classes),) = recipe.tasks.items()  # the one whose classes are the states
    order = [STATES.index(name) for name in classes]
    table = prediction_table(windows, recipe.tasks, {task: probabilities[:, order]})
    card = recipe.facts(seed, "cpu") | {
        "simulated": True,
        "power": power,
        "label_limit": round(label_limit(design), 6),
    }
    return table, card
