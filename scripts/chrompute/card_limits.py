"""What the card of a model says of the samples that it can predict, and how others are treated.

A network knows the kind of data that it was trained on. Fragments of another assay, ends that were
shifted otherwise, or far fewer fragments give probabilities that mean nothing, and nothing in the
probabilities shows it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chrompute.distances import estimate_shift
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.prediction_inputs import Source
from chrompute.recipe import ASSAY_OF_INPUT

logger = logging.getLogger(__name__)

#: Share of the fewest fragments that a network was trained on, below which a sample is refused
#: (docs/methods/prediction.md tells why).
MIN_DEPTH = 0.5
_REMEDY = "give other fragments, or allow it (allow_outside, --allow-outside)"


def refuse_outside(
    card: Mapping[str, Any],
    sources: Mapping[str, Sequence[Source]],
    pools: Mapping[str, Fragments],
    allow: bool,
) -> None:
    """See that the samples to predict are of the kind that a network was trained on.

    Samples that it was trained on are; so are, for all that is known, fragments from memory.

    Parameters
    ----------
    card
        The network's.
    sources
        {input: samples that it reads}.
    pools
        {input: their pooled fragments}.
    allow
        Whether what is outside is a warning only.

    Raises
    ------
    InputError
        With all samples of another assay or end shift, and all inputs with too few fragments.
    """
    faults = list(dict.fromkeys(_faults(card, sources, pools)))
    if faults and not allow:
        raise InputError([f"{fault}; {_REMEDY}" for fault in faults])
    for fault in faults:
        logger.warning("WARNING: %s", fault)


def _faults(
    card: Mapping[str, Any],
    sources: Mapping[str, Sequence[Source]],
    pools: Mapping[str, Fragments],
) -> Iterator[str]:
    known = card.get("stores", {})
    for name, own in sources.items():
        assay = ASSAY_OF_INPUT[name]
        shifts = {facts["shift"] for facts in known.values() if facts["assay"] == assay}
        named = [source for source in own if source.sample is not None]
        for source in named:
            if source.digest == known.get(source.sample, {}).get("digest"):
                continue
            found = source.facts.get("assay", assay)
            if found != assay:
                yield (
                    f"sample {source.sample} is {found}, and input {name!r} of {card['model']} "
                    f"reads {assay}"
                )
            elif fault := _shift_fault(card, source, assay, shifts - {None}):
                yield fault
        if len(named) == len(own):
            yield from _depth_faults(card, name, len(pools[name]))


def _shift_fault(
    card: Mapping[str, Any], source: Source, assay: str, trained: set[str]
) -> str | None:
    """Say what is wrong with the ends of a sample.

    What is declared is what the file needed. ATAC-seq shows by itself whether it did; then another
    declaration than those of the training is as good.
    """
    declared = source.facts.get("shift")
    if declared is None:
        return None
    fits = None
    if assay == "ATAC":
        estimate = estimate_shift(source.fragments, Shift.parse(declared))
        fits = estimate.agrees
        if fits is False:
            return f"sample {source.sample}: {estimate.sentence.removesuffix('.')}"
    if fits or not trained or declared in trained:
        return None
    return (
        f"sample {source.sample} has the end shift {declared}, {card['model']} was trained on "
        f"{', '.join(sorted(trained))}, and the fragments do not tell whether both mean the same"
    )


def _depth_faults(card: Mapping[str, Any], name: str, number: int) -> Iterator[str]:
    trained = card.get("fragments", {}).get(name, {})
    if not trained:
        return
    least = min(trained.values()) * card["training"].get("thinning", 1.0)
    if number < MIN_DEPTH * least:
        yield (
            f"input {name!r} has {number:,} fragments, and {card['model']} was trained on "
            f"{least:,.0f} and more, of which fewer than {100 * MIN_DEPTH:.0f} % tell too little"
        )


def matched_shares(card: Mapping[str, Any], pools: Mapping[str, Fragments]) -> dict[str, float]:
    """Return the share of each input's fragments that brings it down to the network's depth.

    Parameters
    ----------
    card
        The network's.
    pools
        {input: pooled fragments}.

    Returns
    -------
    dict
        {input: share}: the `reference_depth` of the card over the number of fragments, of inputs
        with more fragments than any cell type of the training; 1 of others.
    """
    shares = {}
    for name, pool in pools.items():
        most = max(card.get("fragments", {}).get(name, {}).values(), default=len(pool))
        deep = len(pool) > most
        shares[name] = min(1.0, card["reference_depth"][name] / len(pool)) if deep else 1.0
        if deep:
            logger.info(
                "%s: %.1f %% of %s fragments are kept, the depth of %s",
                name, 100 * shares[name], f"{len(pool):,}", card["model"],
            )  # fmt: skip
    return shares
