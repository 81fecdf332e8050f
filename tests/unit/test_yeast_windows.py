"""Window sets of real data, against numbers that are counted apart from the library."""

from pathlib import Path

from chrompute.candidates import CandidateRules
from chrompute.genome import read_sizes
from chrompute.intervals import IntervalSet
from chrompute.splits import Split
from chrompute.tasks import Task
from chrompute.window_inputs import WindowInputs, read_candidates
from chrompute.windows import WindowRules, build_windows

YEAST_SPLIT = Split(valid=("chrXIII",), test=("chrXV", "chrXVI"))


def yeast_inputs(
    yeast: Path,
    candidates: CandidateRules,
    tasks: dict[str, Task],
    labels: dict[str, dict[str, str]],
) -> WindowInputs:
    """Return the inputs of one cell type, chrM left out."""
    sizes = read_sizes(yeast / "genome/sacCer3.chrom.sizes")
    own = {
        "yeast": {
            t: {r: str(yeast / "labels" / p) for r, p in o.items()} for t, o in labels.items()
        }
    }
    found, dropped = read_candidates(candidates, tasks, own, {}, {}, sizes, {})
    listed = [fields[:3] for fields in lines_of(yeast / "genome/blacklist.bed")]
    blacklist = IntervalSet.of(*((c, int(s), int(e)) for c, s, e in listed))
    return WindowInputs(
        sizes, own, found, candidates.source, dropped, {}, blacklist, excluded=["chrM"]
    )


def lines_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()]


def blocked_bases(yeast: Path) -> set[tuple[str, int]]:
    listed = lines_of(yeast / "genome/blacklist.bed")
    return {(c, base) for c, s, e, *_ in listed for base in range(int(s), int(e))}


def test_yeast_states_give_the_known_number_of_windows(yeast: Path) -> None:
    """Segments of 60 bp or more of eight merged classes; counted apart from the library."""
    lines = lines_of(yeast / "labels/regulatory_states.bed")
    kept = {
        *("Promoter_TFbound", "Promoter_UNB", "Promoter_lowPIC", "Plus1_nucleosome"),
        *("GeneBody_low", "GeneBody_mid", "GeneBody_high", "Terminator", "Intergenic"),
    }
    long = [f for f in lines if f[3] in kept and int(f[2]) - int(f[1]) >= 60]
    blocked = blocked_bases(yeast)
    expected = sum((f[0], (int(f[1]) + int(f[2]) - 1) // 2) not in blocked for f in long)
    entry = {
        "kind": "segmentation",
        "classes": {"all": {"states": [*kept]}},
        "exclude": [*{f[3] for f in lines} - kept],
    }
    tasks = {"state": Task.from_config("state", entry)}
    rules = CandidateRules("segments", min_length=60)
    inputs = yeast_inputs(yeast, rules, tasks, {"state": {"1": "regulatory_states.bed"}})
    table, facts = build_windows(inputs, WindowRules(2001, YEAST_SPLIT), tasks)
    assert len(table) == expected == 16_559
    assert facts["tasks"]["state"]["counts"]["yeast"]["test"]["all"] == 3_669
    assert facts["candidates"]["number"] == len(lines)


def test_yeast_tiles_hold_replicates_and_marks(yeast: Path) -> None:
    """Occupancy agrees on 64.6 % of the test tiles; marks are counted in plain Python."""
    states = ["low", "middle", "high"]
    entry = {"kind": "segmentation", "classes": {name: {"states": [name]} for name in states}}
    factors = ["Reb1", "Abf1", "Rap1", "Sua7", "Htz1"]
    tasks = {"occupancy": Task.from_config("occupancy", entry)}
    tasks |= {
        factor: Task.from_config(
            factor, {"kind": "marks", "keep": {"column": 4, "values": [factor]}}
        )
        for factor in factors
    }
    labels = {"occupancy": {n: f"occupancy_tertiles_AGH01-{n}.bed" for n in "12"}}
    labels |= {factor: {"1": "rossi2021_chexmix_peaks.bed"} for factor in factors}
    inputs = yeast_inputs(yeast, CandidateRules("tiles"), tasks, labels)
    table, _ = build_windows(inputs, WindowRules(2001, YEAST_SPLIT), tasks)
    test = table[table["split"] == "test"]
    assert {*test["chrom"]} == {"chrXV", "chrXVI"}
    both = test.dropna(subset=["occupancy.1", "occupancy.2"])
    assert len(both) > 9_000
    same = both["occupancy.1"] == both["occupancy.2"]
    assert round(same.mean(), 3) == 0.646
    assert (both["occupancy"].notna() == same).all()
    chance = sum(
        (both["occupancy.1"] == c).mean() * (both["occupancy.2"] == c).mean() for c in states
    )
    assert round((same.mean() - chance) / (1 - chance), 2) == 0.47
    peaks = lines_of(yeast / "labels/rossi2021_chexmix_peaks.bed")
    tiles = [*zip(table["chrom"], (table["centre"] - 99) // 200, strict=True)]
    for factor in factors:
        # A peak is one base: it binds its tile, and hides the two beside it.
        bound = {(f[0], int(f[1]) // 200) for f in peaks if f[3] == factor}
        near = {(chrom, tile + step) for chrom, tile in bound for step in (-1, 1)} - bound
        number = table[factor].value_counts(dropna=False)
        assert number["bound"] == sum(tile in bound for tile in tiles) > 100
        assert table[factor].isna().sum() == sum(tile in near for tile in tiles)
        assert len(table) - number["bound"] - table[factor].isna().sum() == number["not_bound"]
