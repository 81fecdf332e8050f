"""The two indexes inside a bigWig: chromosomes by name, and blocks by position.

Both are trees of nodes with at most 256 items (Kent et al. 2010, Bioinformatics 26:2204, tables
8 to 11 and 14 to 17), written from the root down.
"""

import struct
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

_CHROMOSOME_MAGIC, _POSITION_MAGIC = 0x78CA8C91, 0x2468ACE0
_FANOUT = 256
_BOUNDS = [(name, "<u4") for name in ("chrom", "start", "last_chrom", "end")]
_BLOCK = np.dtype([*_BOUNDS, ("offset", "<u8"), ("size", "<u8")])
_BRANCH = np.dtype([*_BOUNDS, ("child", "<u8")])
Items = npt.NDArray[np.void]


def chromosome_tree(sizes: Mapping[str, int], position: int) -> bytes:
    """Return the tree of chromosomes, to lie at `position` of the file.

    A chromosome's number is its place in `sizes`; the items are sorted by name, as readers that
    search the tree expect.
    """
    names = [name.encode() for name in sizes]
    width = max(map(len, names))
    leaf = np.dtype([("key", f"S{width}"), ("number", "<u4"), ("size", "<u4")])
    branch = np.dtype([("key", f"S{width}"), ("child", "<u8")])
    leaves = np.empty(len(names), dtype=leaf)
    leaves["key"], leaves["number"] = names, np.arange(len(names))
    leaves["size"] = list(sizes.values())
    leaves = leaves[sorted(range(len(names)), key=names.__getitem__)]

    def parents(items: Items, first: npt.NDArray[np.int64]) -> Items:
        above = np.zeros(first.size, dtype=branch)
        above["key"] = items["key"][first]
        return above

    head = struct.pack("<IIIIQQ", _CHROMOSOME_MAGIC, _FANOUT, width, 8, len(names), 0)
    return head + _tree(leaves, parents, position + len(head))


def position_tree(entries: npt.NDArray[np.uint64], position: int, per_block: int) -> bytes:
    """Return the tree of blocks, to lie at `position` of the file.

    Parameters
    ----------
    entries
        uint64 (n_blocks, 5): chromosome number, start, end (bp), offset in the file and size in
        bytes of each block, in the order of the genome.
    position
        Where the tree begins in the file, which is where the blocks end.
    per_block
        Most records in a block.
    """
    leaves = np.empty(len(entries), dtype=_BLOCK)
    columns = ("chrom", "start", "end", "offset", "size")
    for column, name in enumerate(columns):
        leaves[name] = entries[:, column]
    leaves["last_chrom"] = leaves["chrom"]

    def parents(items: Items, first: npt.NDArray[np.int64]) -> Items:
        last = np.append(first[1:], items.size) - 1
        above = np.zeros(first.size, dtype=_BRANCH)
        above["chrom"], above["start"] = items["chrom"][first], items["start"][first]
        above["last_chrom"], above["end"] = items["last_chrom"][last], items["end"][last]
        return above

    bounds = (0, 0, 0, 0)
    if leaves.size:
        (whole,) = parents(leaves, np.zeros(1, dtype=np.int64)).tolist()
        bounds = whole[:4]
    head = struct.pack(
        "<IIQIIIIQII", _POSITION_MAGIC, _FANOUT, leaves.size, *bounds, position, per_block, 0
    )
    return head + _tree(leaves, parents, position + len(head))


def _tree(
    leaves: Items, parents: Callable[[Items, npt.NDArray[np.int64]], Items], position: int
) -> bytes:
    """Return the nodes of a tree, root first, to lie at `position`.

    Parameters
    ----------
    leaves
        The items of the leaves.
    parents
        Makes one item of each node below, given the items and where the nodes begin in them.
    position
        Where the root lies in the file.
    """
    levels = [leaves]
    while levels[0].size > _FANOUT:
        levels.insert(0, parents(levels[0], np.arange(0, levels[0].size, _FANOUT)))
    for upper, lower in pairwise(levels):
        position += len(_nodes(upper, leaf=False))
        upper["child"] = position + np.arange(upper.size) * (4 + _FANOUT * lower.itemsize)
    nodes = [_nodes(level, leaf=level is leaves) for level in levels]
    return b"".join(nodes)


def _nodes(items: Items, leaf: bool) -> bytes:
    """Return the nodes of one level: whether it is a leaf, its number of items, the items."""
    groups = [items[first : first + _FANOUT] for first in range(0, max(items.size, 1), _FANOUT)]
    return b"".join(struct.pack("<BBH", leaf, 0, group.size) + group.tobytes() for group in groups)
