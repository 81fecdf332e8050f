"""What a trained model predicts from: fragments of one cell type, a genome, and places."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from chrompute.digests import fragments_digest, genome_digests
from chrompute.errors import InputError
from chrompute.fragments import Fragments, pool
from chrompute.intervals import anchor_base, read_bed
from chrompute.recipe import ASSAY_OF_INPUT
from chrompute.store_files import read_facts, read_fragments

logger = logging.getLogger(__name__)

#: What a caller may give for one assay.
Given = str | Path | Fragments
_PLACE = ["chrom", "start", "end"]


@dataclass(frozen=True)
class Source:
    """Fragments of one sample.

    Attributes
    ----------
    fragments
        The store.
    sample
        Its sample's name; None for fragments that come from memory, which have none.
    facts
        What else its file says of it: `assay`, `shift`.
    """

    fragments: Fragments
    sample: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """What tells these fragments from others."""
        return fragments_digest(self.fragments)


def read_sources(
    given: Mapping[str, Given | Sequence[Given]], inputs: Collection[str]
) -> dict[str, list[Source]]:
    """Read the fragment stores that a caller gives.

    Parameters
    ----------
    given
        {assay or input: paths of fragment stores, or fragments}.
    inputs
        Inputs of the models.

    Returns
    -------
    dict
        {input: sources to pool}, of the inputs that are given.

    Raises
    ------
    InputError
        When a name means no input of the models, or a store is not usable.
    """
    images = [name for name in ASSAY_OF_INPUT if name in inputs]
    known = list(dict.fromkeys([*(ASSAY_OF_INPUT[name] for name in images), *images]))
    strange = [name for name in given if name not in known]
    if strange:
        raise InputError(
            f"fragments: {', '.join(strange)} is nothing that the model reads; it reads "
            f"{' or '.join(known) or 'no fragments'}: correct the name, or leave it out"
        )
    read = {name: _read_each(name, own) for name, own in given.items()}
    found = {name: read.get(name, read.get(ASSAY_OF_INPUT[name])) for name in images}
    return {name: own for name, own in found.items() if own is not None}


def _read_each(name: str, given: Given | Sequence[Given]) -> list[Source]:
    listed = [given] if isinstance(given, (str, Path, Fragments)) else list(given)
    if not listed:
        raise InputError(f"fragments: {name} names no store; give one, or leave {name} out")
    sources = []
    for one in listed:
        if isinstance(one, Fragments):
            source, place = Source(one), "fragments"
        else:
            facts = read_facts(one)
            sample = facts.get("sample", Path(one).stem)
            source, place = Source(read_fragments(one), sample, facts), str(one)
        if source.fragments.strands is not None:
            raise InputError(
                f"{place}: holds single-end reads, and V-plots need both ends; give a paired-end "
                "sample"
            )
        if not len(source.fragments):
            raise InputError(f"{place}: holds no fragment; give another store")
        sources.append(source)
    return sources


def pooled(sources: Mapping[str, Sequence[Source]]) -> dict[str, Fragments]:
    """Pool the fragments of each input; inputs of the same sources share one pool."""
    pools: dict[tuple[int, ...], Fragments] = {}
    found = {}
    for name, own in sources.items():
        key = tuple(map(id, own))
        if key not in pools:
            pools[key] = pool([source.fragments for source in own])
        found[name] = pools[key]
    return found


def refuse_changed(
    card: Mapping[str, Any],
    sources: Mapping[str, Sequence[Source]],
    genome: Mapping[str, npt.NDArray[np.uint8]],
    allow: bool,
) -> None:
    """See that samples and chromosomes that a model was trained on are still the same.

    Samples that the model does not know are new, and no fault; nor are chromosomes.

    Parameters
    ----------
    card
        The model's.
    sources
        {input: what it reads}.
    genome
        {chromosome: encoded sequence} of those that windows lie on.
    allow
        Whether a change is a warning only.

    Raises
    ------
    InputError
        With every sample and chromosome that changed.
    """
    known = card.get("stores", {})
    own = {id(source): source for each in sources.values() for source in each}
    faults = [
        f"sample {source.sample} changed since {card['model']} was trained on it: its fragments "
        "have another digest"
        for source in own.values()
        if source.sample in known and source.digest != known[source.sample]["digest"]
    ]
    digests = genome_digests(genome, card["genome"])
    changed = [name for name, digest in digests.items() if digest != card["genome"][name]]
    if changed:
        faults.append(
            f"the genome changed since {card['model']} was trained on it: {', '.join(changed)} "
            "has another sequence"
        )
    if faults and not allow:
        remedy = "give what it was trained on, train it again, or allow changes (allow_changed)"
        raise InputError([f"{fault}; {remedy}" for fault in faults])
    for fault in faults:
        logger.warning("WARNING: %s", fault)


def read_places(windows: str | Path | pd.DataFrame, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Read the places to predict.

    Parameters
    ----------
    windows
        A BED, a Parquet table such as a window set, or a table.
    sizes
        {chromosome: bp}.

    Returns
    -------
    DataFrame
        `chrom`, `start`, `end` as they were given, and `centre`: the column of this name, or else
        (start + end - 1) // 2.

    Raises
    ------
    InputError
        When there is none, a column is missing, or a place is not in the genome.
    """
    place = "windows" if isinstance(windows, pd.DataFrame) else str(windows)
    table = windows if isinstance(windows, pd.DataFrame) else _read_table(windows, sizes)
    missing = [name for name in _PLACE if name not in table]
    if missing:
        raise InputError(f"{place}: has no column {', '.join(missing)}; add it")
    if table.empty:
        raise InputError(f"{place}: holds no window; give some")
    if "cell_type" in table and table["cell_type"].nunique() > 1:
        raise InputError(
            f"{place}: has windows of several cell types, and fragments are of one; choose the "
            "windows of one cell type"
        )
    numbers = [name for name in ("start", "end", "centre") if name in table]
    if not all(pd.api.types.is_integer_dtype(table[name]) for name in numbers):
        raise InputError(f"{place}: {', '.join(numbers)} must be whole numbers of bp")
    found = pd.DataFrame({name: table[name].to_numpy() for name in [*_PLACE, *numbers[2:]]})
    found["chrom"] = found["chrom"].astype(str).astype(object)
    if "centre" not in found:
        found["centre"] = anchor_base(found, "centre")
    size = found["chrom"].map(dict(sizes)).fillna(0).astype("int64")
    outside = (found["centre"] < 0) | (found["centre"] >= size) | (found["start"] >= found["end"])
    if outside.any():
        first = found[outside].iloc[0]
        raise InputError(
            f"{place}: {int(outside.sum()):,} windows are not in the genome, the first one is "
            f"{first['chrom']}:{first['start']:,}-{first['end']:,}; chromosomes are "
            f"{', '.join(list(sizes)[:5])}{', ...' if len(sizes) > 5 else ''}"
        )
    return found


def _read_table(path: str | Path, sizes: Mapping[str, int]) -> pd.DataFrame:
    if not Path(path).is_file():
        raise InputError(f"{path}: is no file; give a BED or a Parquet table of windows")
    if Path(path).suffix != ".parquet":
        return read_bed(path, sizes)
    try:
        return pd.read_parquet(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: is no Parquet table ({error}); make it again") from error
