"""What is wrong with the rule of a split, told before there are windows."""

from collections.abc import Collection, Mapping
from dataclasses import fields

from chrompute.splits import SPLITS, Split, too_few_blocks

#: What the names in 'valid' and 'test' stand for.
_NAMED = {"chromosomes": "chromosome", "folds": "fold", "cell_types": "cell type"}
#: The kinds of split that have a key, of keys that not all have.
_KINDS_WITH = {
    "train": ("chromosomes",),
    "valid": ("chromosomes", "folds", "cell_types"),
    "test": ("chromosomes", "folds", "cell_types"),
    "unseen": ("chromosomes", "folds", "blocks"),
    "number": ("folds",),
    "seed": ("folds", "blocks"),
    "size": ("blocks",),
    "buffer": ("blocks",),
    "valid_share": ("blocks",),
    "test_share": ("blocks",),
}


def split_faults(
    split: Split,
    sizes: Mapping[str, int],
    cell_types: Collection[str],
    labelled: Collection[str],
) -> list[str]:
    """List, one sentence each, what is wrong with the rule of a split.

    Parameters
    ----------
    split
        The rule.
    sizes
        {chromosome: bp} of all chromosomes that may have windows.
    cell_types
        All cell types of the sample sheet.
    labelled
        Those that have labels of one of the window set's tasks.
    """
    found = _stray_keys(split)
    if split.by == "blocks":
        found += _faults_of_blocks(split, sizes)
    else:
        known = {"chromosomes": sizes, "folds": split.folds, "cell_types": labelled}[split.by]
        found += _faults_of_names(split, known)
    if split.by == "folds" and split.number > len(sizes):
        found.append(
            f"split: {split.number} folds need as many chromosomes, and there are {len(sizes)}; "
            "choose a smaller 'number', or split by blocks"
        )
    named = sum(split.named.values(), ()) if split.by == "cell_types" else split.unseen
    found += [
        f"split: cell type {name!r} "
        + ("has no labels here" if name in cell_types else "is not in the sample sheet")
        + "; correct it"
        for name in named
        if name not in labelled
    ]
    if split.unseen and set(split.unseen) >= set(labelled):
        found.append("split: every cell type is 'unseen', so that none trains; leave one out")
    return found


def _stray_keys(split: Split) -> list[str]:
    """Name the keys that say something, and that this kind of split does not have."""
    nothing = {field.name: field.default for field in fields(Split)}
    return [
        f"split: {key!r} is no key of a split by {split.by}; remove it, or split by "
        f"{' or '.join(kinds)}"
        for key, kinds in _KINDS_WITH.items()
        if split.by not in kinds and getattr(split, key) != nothing[key]
    ]


def _faults_of_names(split: Split, known: Collection[str]) -> list[str]:
    what = _NAMED[split.by]
    found = split.named_twice()
    found += [
        f"split: {key!r} names no {what}; name at least one"
        for key in ("valid", "test")
        if not split.named[key]
    ]
    if split.by != "cell_types":
        by_place = split.by == "chromosomes"
        where = "in the genome (or is excluded)" if by_place else f"one of {', '.join(known)}"
        found += [
            f"split: {key} {what} {name!r} is not {where}; correct it"
            for key, names in split.named.items()
            for name in names
            if name not in known
        ]
    held_out = {*split.named["valid"], *split.named["test"]}
    if held_out >= set(known) if split.train is None else not split.train:
        found.append(f"split: no {what} is left to train; leave one out of valid and test")
    if found and split.by == "cell_types" and len(known) < len(SPLITS):
        found.append(
            "split: cell types can only be split where there are three; with fewer, split by "
            "chromosomes and name the one that only tests in 'unseen'"
        )
    return found


def _faults_of_blocks(split: Split, sizes: Mapping[str, int]) -> list[str]:
    found = []
    if split.valid_share + split.test_share >= 1:
        found.append(
            f"split: valid_share {split.valid_share} and test_share {split.test_share} leave no "
            "block to train; choose smaller ones"
        )
    if 2 * split.reach >= split.size:
        found.append(
            f"split: a buffer of {split.reach:,} bp on both sides leaves nothing of a block of "
            f"{split.size:,} bp; choose a 'size' well above {2 * split.reach:,}"
        )
    if sum(-(-size // split.size) for size in sizes.values()) < len(SPLITS):
        found.append(too_few_blocks(split.size))
    return found
