"""Fragments on the device: what they take, and the search of the slices of windows."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute import device_fragments
from chrompute.device_fragments import RESERVE, DeviceFragments, placement
from chrompute.window_sequence import GenomeSequence
from image_tools import CPU, DEVICES, random_store

#: What must fit, and in how many bytes.
CELL_TYPES, PAIRS, GENOME, MEMORY = 10, 100_000_000, 3_000_000_000, 16_000_000_000


def arrays(groups: list[list[int]]) -> SimpleNamespace:
    """Return a store of these doubled midpoints by chromosome, with lengths of no meaning."""
    midpoints = np.concatenate([np.sort(own) for own in groups]).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in groups])])
    lengths = np.arange(len(midpoints)) % 300 + 1
    return SimpleNamespace(offsets=offsets, midpoints=midpoints, lengths=lengths.astype(np.uint16))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-3, 60), max_size=150), min_size=1, max_size=5),
    st.integers(1, 2),
    st.integers(0, 999),
)
def test_slices_are_those_of_a_search_in_each_group(
    groups: list[list[int]], copies: int, seed: int
) -> None:
    store = DeviceFragments([arrays(groups)] * copies, CPU)
    rng = np.random.default_rng(seed)
    group = rng.integers(0, store.groups + 1, 50)
    low = rng.integers(-10, 70, 50)
    high = low + rng.integers(0, 30, 50)
    first, number = store.slices(*map(torch.from_numpy, (group, low, high)))
    total = sum(map(len, groups))
    for row in range(50):
        if group[row] == store.groups:
            assert number[row] == 0
            continue
        copy, chrom = divmod(int(group[row]), len(groups))
        own = np.sort(groups[chrom])
        begin = copy * total + sum(map(len, groups[:chrom]))
        left, right = np.searchsorted(own, [low[row], high[row]])
        assert (int(first[row]), int(number[row])) == (begin + left, right - left)


@pytest.mark.parametrize("name", DEVICES)
def test_stores_lie_end_to_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_fragments, "_CHUNK", 333)
    one, two = random_store(1, 2000), random_store(2, 700)
    for each in (one, two):  # as they come from a file that is mapped
        each.midpoints.flags.writeable = each.lengths.flags.writeable = False
    store = DeviceFragments([one, two], torch.device(name))
    assert len(store) == 2700
    assert store.groups == 6
    lengths = store.lengths.cpu().numpy().view(np.uint16)
    assert np.array_equal(lengths, np.concatenate([one.lengths, two.lengths]))
    midpoints = store.midpoints[:2700].cpu().numpy()
    assert np.array_equal(midpoints, np.concatenate([one.midpoints, two.midpoints]))
    assert store.longest == 119
    assert store.bases.tolist() == [0] * 3 + [2000] * 3 + [2700]


def test_the_bytes_needed_are_those_that_are_taken() -> None:
    for stores in ([], [random_store(1, 1)], [random_store(1, 3000), random_store(2, 77)]):
        held = DeviceFragments(stores, CPU)
        assert held.nbytes() == DeviceFragments.bytes_needed(len(held), 3 * len(stores))
    genome = {"chr1": np.zeros(500, np.uint8), "chr2": np.zeros(77, np.uint8)}
    sequence = GenomeSequence(genome, np.zeros(3, np.int64), np.zeros(3, np.int64), 21, CPU)
    held = sequence._rows.untyped_storage().nbytes()
    assert held == GenomeSequence.bytes_needed(577, 2, 21)


def test_ten_deep_cell_types_with_both_assays_fit_into_16_gb() -> None:
    chromosomes = 25
    assay = DeviceFragments.bytes_needed(CELL_TYPES * PAIRS, CELL_TYPES * chromosomes)
    assert assay > 6 * CELL_TYPES * PAIRS
    genome = GenomeSequence.bytes_needed(GENOME, chromosomes, 2001)
    assert 2 * assay + genome < MEMORY


def test_data_lie_on_the_device_where_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = torch.device("cuda")
    free = RESERVE + 1000
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 2 * free))
    assert placement("auto", 1000, cuda) == cuda
    assert placement("auto", 1001, cuda) == CPU
    assert placement("device", 10 * free, cuda) == cuda
    assert placement("host", 10, cuda) == CPU
    assert placement("auto", 10 * free, CPU) == CPU
