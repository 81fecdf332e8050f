"""Distances between ends: the shift of ATAC data, and the length of single-end fragments."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.distances import count_distances, estimate_shift, single_end_length
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.pairing import RAW
from helpers import DATA

NO_SHIFT = Shift(0, 0)
places = st.lists(st.integers(0, 300), max_size=60).map(sorted)


def sizes_of(path: Path) -> dict[str, int]:
    with pysam.AlignmentFile(path) as bam:
        return dict(zip(bam.references, bam.lengths, strict=True))


def unfiltered(path: Path, shift: Shift) -> Fragments:
    return read_sample([path], FragmentFilter(sizes_of(path), shift, 0, 1, 10_000))[0]


@settings(deadline=None, derandomize=True)
@given(places, places, st.integers(-40, 10), st.integers(1, 50))
def test_distances_equal_a_double_loop(
    left: list[int], right: list[int], low: int, width: int
) -> None:
    found = count_distances(np.array(left, np.int64), np.array(right, np.int64), low, low + width)
    expected = [sum(r - x == d for x in left for r in right) for d in range(low, low + width)]
    assert found.tolist() == expected


def test_yeast_is_not_shifted(yeast: Path) -> None:
    """25,848 distinct ends lie 9 bp behind a distinct start in this half of the library."""
    path = yeast / "atac_SRR1822137_pr1.bam"
    estimate = estimate_shift(unfiltered(path, Shift(4, -4)), Shift(4, -4))
    starts: dict[str, set[int]] = {}
    ends: dict[str, set[int]] = {}
    with pysam.AlignmentFile(path) as bam:
        for read in bam:
            if read.is_reverse:
                ends.setdefault(read.reference_name, set()).add(read.reference_end)
            else:
                starts.setdefault(read.reference_name, set()).add(read.reference_start)
    for state, distance in (("unshifted", 9), ("+4/-4", 1), ("+4/-5", 0)):
        pairs = sum(len({s + distance for s in starts[c]} & ends[c]) for c in starts)
        assert estimate.peaks[state] == pairs
    assert estimate.peaks["unshifted"] == 25_848
    assert (estimate.found, estimate.agrees) == ("unshifted", True)


def test_a_human_bam_is_not_shifted(human_bam: Path) -> None:
    estimate = estimate_shift(unfiltered(human_bam, NO_SHIFT), NO_SHIFT)
    assert estimate.found == "unshifted"
    assert 5700 < estimate.peaks["unshifted"] < 6000
    assert estimate.agrees is False
    assert "set the sample's shift to +4/-4" in estimate.sentence


@pytest.mark.parametrize("tissue", ["germline", "neurons"])
def test_the_worm_bams_are_shifted_already(tissue: str) -> None:
    path = DATA / f"worm/atac_{tissue}.bam"
    if not path.is_file():
        pytest.skip(f"the worm data set is not at {path}")
    fragments = unfiltered(path, NO_SHIFT)
    estimate = estimate_shift(fragments, NO_SHIFT)
    assert (estimate.found, estimate.agrees) == ("+4/-5", True)


def tn5(number: int, present: Shift, seed: int = 1) -> list[tuple[int, int]]:
    """Cut a chromosome again and again by Tn5; return fragments with ends shifted as given."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(number // 1000):
        sites = np.sort(rng.integers(1000, 90_000, 1001))
        # A fragment begins at one insertion and ends 9 bp behind the next one's beginning.
        found += [
            (int(a) + present.start, int(b) + 9 + present.end)
            for a, b in pairwise(sites)
            if 30 < b - a < 500
        ]
    return found


def store_of(present: Shift, declared: Shift, number: int = 8000) -> Fragments:
    ends = np.array(tn5(number, present))
    starts, stops = ends[:, 0] + declared.start, ends[:, 1] + declared.end
    return Fragments.from_intervals({"chr1": 100_000}, np.zeros(len(ends)), starts, stops)


@pytest.mark.parametrize(
    ("present", "state", "fitting", "remedy"),
    [
        ("none", "unshifted", "+4/-4", "+4/-4"),
        ("+4/-4", "+4/-4", "none", "none"),
        ("+4/-5", "+4/-5", "+0/+1", r"+0/+1"),
    ],
)
def test_simulated_cuts_in_all_states(present: str, state: str, fitting: str, remedy: str) -> None:
    given_shift = Shift.parse(present)
    for declared in ("none", "+4/-4", "+4/-5", "+0/+1"):
        shift = Shift.parse(declared)
        estimate = estimate_shift(store_of(given_shift, shift), shift)
        assert estimate.found == state
        # What remains between neighbours once both shifts are applied must be 1, or 0.
        left = 9 + given_shift.end - given_shift.start + shift.end - shift.start
        assert estimate.agrees is (left in (0, 1))
        if not estimate.agrees:
            assert f"set the sample's shift to {remedy}." in estimate.sentence
    assert estimate_shift(store_of(given_shift, Shift.parse(fitting)), Shift.parse(fitting)).agrees


def test_few_fragments_and_random_ones_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    starts = rng.integers(0, 90_000, 20_000)
    ends = starts + rng.integers(30, 400, starts.size)
    for number in (1, 30, starts.size):
        store = Fragments.from_intervals(
            {"c": 100_000}, np.zeros(number), starts[:number], ends[:number]
        )
        estimate = estimate_shift(store, NO_SHIFT)
        assert (estimate.found, estimate.agrees) == (None, None)
        assert "cannot be told" in estimate.sentence


# Single-end


@pytest.fixture(scope="module")
def single_end(yeast: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read 1 of each pair of deep MNase data, as an aligner writes single-end reads."""
    path = tmp_path_factory.mktemp("single") / "g2.bam"
    with (
        pysam.AlignmentFile(yeast / "mnase_G2_chrII.bam") as bam,
        pysam.AlignmentFile(path, "wb", template=bam) as out,
    ):
        for read in bam:
            if read.is_read1:
                read.flag &= 0x10
                read.next_reference_id, read.next_reference_start, read.template_length = -1, -1, 0
                out.write(read)
    return path


def rules_of(sizes: dict[str, int], **change: object) -> FragmentFilter:
    return FragmentFilter(sizes, NO_SHIFT, 0, 20, 1000, **change)  # type: ignore[arg-type]


def test_the_length_of_single_end_fragments(yeast: Path, single_end: Path) -> None:
    sizes = sizes_of(single_end)
    paired, _ = read_sample([yeast / "mnase_G2_chrII.bam"], rules_of(sizes))
    single, account = read_sample([single_end], rules_of(sizes, layout="single", extend=0))
    modal = int(np.bincount(paired.lengths).argmax())
    assert account.extended is not None
    assert abs(account.extended - modal) <= 6
    assert set(single.lengths.tolist()) == {account.extended}
    # A dyad from one end lies half the difference of the lengths beside the true one.
    assert abs(dyad_lag(paired, single)) <= 3
    spread = np.median(np.abs(paired.lengths.astype(int) - account.extended)) / 2
    assert spread < 15


def dyad_lag(one: Fragments, two: Fragments) -> int:
    """Return the distance at which two dyad profiles, smoothed by 15 bp, fit best."""
    tracks: list[npt.NDArray[np.float64]] = []
    for store in (one, two):
        dyads = store.midpoints[(store.lengths > 120) & (store.lengths < 180)] // 2
        profile = np.bincount(dyads, minlength=900_000).astype(float)[:900_000]
        profile = np.convolve(np.minimum(profile, np.quantile(profile, 0.999)), np.ones(15), "same")
        tracks.append(profile - profile.mean())
    return max(range(-30, 31), key=lambda lag: float(np.dot(tracks[0], np.roll(tracks[1], lag))))


def test_a_length_that_is_set_is_taken(single_end: Path) -> None:
    fragments, account = read_sample(
        [single_end], rules_of(sizes_of(single_end), layout="single", extend=147)
    )
    assert account.extended == 147
    starts, ends = fragments.intervals("chrII")
    size = sizes_of(single_end)["chrII"]
    expected = []
    with pysam.AlignmentFile(single_end) as bam:
        for read in bam:
            begin = read.reference_end - 147 if read.is_reverse else read.reference_start
            if begin >= 0 and begin + 147 <= size:
                expected.append(begin)
    assert sorted(expected) == sorted(starts.tolist())
    assert set((ends - starts).tolist()) == {147}
    assert account.counts["off_chromosome"] == account.counts["reads"] - len(expected)


def test_too_few_single_reads_tell_no_length(single_end: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.bam"
    with (
        pysam.AlignmentFile(single_end) as bam,
        pysam.AlignmentFile(path, "wb", template=bam) as out,
    ):
        for _, read in zip(range(500), bam, strict=False):
            out.write(read)
    with pytest.raises(InputError, match=r"few\.bam: the length .* fragment_length"):
        read_sample([path], rules_of(sizes_of(path), layout="single", extend=0))


def test_the_length_of_made_up_reads() -> None:
    rng = np.random.default_rng(5)
    centres = rng.choice(np.arange(1000, 900_000, 190), 20_000)
    starts = centres - 80 + rng.integers(-8, 9, centres.size)
    raw = np.zeros(centres.size, RAW)
    forward = rng.random(centres.size) < 0.5
    raw["strand"] = np.where(forward, 1, -1)
    raw["start"] = np.where(forward, starts, starts + 160 - 50)
    raw["end"] = raw["start"] + 50
    assert abs(single_end_length(raw, 1) - 160) <= 3
    flagged = raw.copy()
    flagged["flagged"] = True
    with pytest.raises(ValueError, match="cannot be told from 0 reads"):
        single_end_length(flagged, 1)
