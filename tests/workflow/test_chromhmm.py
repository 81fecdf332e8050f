"""ChromHMM itself on simulated ChIP-seq: what is learnt from reads against what was planted."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from chip_tools import CELL_TYPES, MARKS, NAMES, PART_OF, REPLICATES, RESULTS, lay_out_chip
from helpers import need_program
from workflow_tools import change_config, run_snakemake

SIZE, COVERED = 600_100, 600_000  # the last, cut bin has no state


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that made segmentations; its name holds a blank."""
    for program in ("ChromHMM", "java"):
        need_program(program)
    folder = lay_out_chip(tmp_path_factory.mktemp("chip") / "a folder")
    result = run_snakemake(folder, "chromhmm", f"{RESULTS}/windows/tiles.parquet")
    assert result.returncode == 0, result.stdout[-5000:]
    return folder


def read_bed(folder: Path, cell_type: str, replicate: str) -> pd.DataFrame:
    path = folder / RESULTS / f"chromhmm/{cell_type}.{replicate}.bed"
    return pd.read_csv(path, sep="\t", header=None, names=["chrom", "start", "end", "name"])


def states_at_loci(folder: Path, cell_type: str, replicate: str) -> np.ndarray:
    """Return what the segments call the centre of each planted locus, as the simulated states."""
    loci = pd.read_csv(folder / RESULTS / "simulation/truth/loci.tsv", sep="\t")
    found = np.full(len(loci), "", dtype=object)
    for chrom, segments in read_bed(folder, cell_type, replicate).groupby("chrom"):
        mine = np.flatnonzero(loci["chrom"] == chrom)
        centres = loci["centre"].to_numpy()[mine]
        at = np.searchsorted(segments["start"], centres, side="right") - 1
        assert (
            centres[centres < COVERED] < segments["end"].to_numpy()[at][centres < COVERED]
        ).all()
        found[mine] = segments["name"].to_numpy()[at]
    return np.array([PART_OF.get(name, name) for name in found])


@pytest.mark.parametrize("cell_type", CELL_TYPES)
def test_segments_cover_each_chromosome_once_and_in_order(learnt: Path, cell_type: str) -> None:
    for replicate in REPLICATES:
        table = read_bed(learnt, cell_type, replicate)
        assert list(table["chrom"].unique()) == ["chr1", "chr2", "chr3", "chr4"]
        assert set(table["name"]) <= set(NAMES)
        for _, own in table.groupby("chrom"):
            assert own["start"].iloc[0] == 0
            assert own["end"].iloc[-1] == COVERED
            assert (own["start"].to_numpy()[1:] == own["end"].to_numpy()[:-1]).all()
            assert (own["name"].to_numpy()[1:] != own["name"].to_numpy()[:-1]).all()


@pytest.mark.parametrize("cell_type", CELL_TYPES)
def test_states_are_the_planted_ones(learnt: Path, cell_type: str) -> None:
    loci = pd.read_csv(learnt / RESULTS / "simulation/truth/loci.tsv", sep="\t")
    found = [states_at_loci(learnt, cell_type, replicate) for replicate in REPLICATES]
    for own in found:
        assert cohen_kappa_score(loci[cell_type], own) > 0.55
    assert cohen_kappa_score(*found) > 0.75


def test_windows_take_their_labels_from_the_segments(learnt: Path) -> None:
    table = pd.read_parquet(learnt / RESULTS / "windows/tiles.parquet")
    assert len(table) == 2 * 4 * 600
    for (cell_type, chrom), own in table.groupby(["cell_type", "chrom"], observed=True):
        for replicate in REPLICATES:
            segments = read_bed(learnt, cell_type, replicate)
            segments = segments[segments["chrom"] == chrom]
            some = own.iloc[::7]
            for centre, label in zip(some["centre"], some[f"state.{replicate}"], strict=True):
                holds = (segments["start"] <= centre) & (centre < segments["end"])
                (name,) = segments.loc[holds, "name"]
                assert PART_OF.get(name, name) == label


def test_states_are_described_and_aligned(learnt: Path) -> None:
    folder = learnt / RESULTS / "chromhmm"
    for replicate in REPLICATES:
        content = json.loads((folder / f"{replicate}.states.json").read_text())
        assert content["program"].startswith("ChromHMM 1.")
        states = content["states"]
        assert [state["aligned"] for state in states] == [*range(1, 15)]
        assert sorted(state["state"] for state in states) == [*range(1, 15)]
        assert all(set(state["emissions"]) == {*MARKS} for state in states)
        # Two draws of reads from the same domains: most states are found in both.
        assert np.median([state["distance"] for state in states]) < 0.1
        emissions = pd.read_csv(folder / f"{replicate}.emissions.tsv", sep="\t")
        assert emissions["name"].tolist() == [state["name"] for state in states]
        raw = pd.read_csv(folder / f"model/{replicate}/emissions_14.txt", sep="\t", index_col=0)
        expected = raw.loc[emissions["state"], [*MARKS]].to_numpy()
        assert np.abs(emissions[[*MARKS]].to_numpy() - expected).max() < 1e-6
        transitions = pd.read_csv(folder / f"{replicate}.transitions.tsv", sep="\t")
        values = transitions.drop(columns=["state", "aligned", "name"]).to_numpy()
        assert values.sum(axis=1) == pytest.approx(1, abs=1e-4)
        # Segments are longer than a bin: states stay.
        assert (np.argmax(values, axis=1) == np.arange(14)).mean() > 0.8


def test_the_log_tells_of_each_iteration(learnt: Path) -> None:
    lines = (learnt / RESULTS / "logs/chromhmm_learn/1.log").read_text().splitlines()
    numbers = [line.split()[1] for line in lines if line.split()[1].isdigit()]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert len(numbers) > 5


def test_equal_input_gives_equal_bytes_and_new_names_learn_nothing_anew(
    learnt: Path, tmp_path: Path
) -> None:
    again = Path(shutil.copytree(learnt, tmp_path / "again", symlinks=True))
    shutil.rmtree(again / RESULTS / "chromhmm")
    result = run_snakemake(again, "chromhmm", "--set-threads", "chromhmm_learn=2")
    assert result.returncode == 0, result.stdout[-3000:]
    assert "rule simulate_marks" not in result.stdout
    files = [p for p in (learnt / RESULTS / "chromhmm").rglob("*") if p.is_file()]
    assert len(files) > 20
    for path in files:
        assert (again / path.relative_to(learnt)).read_bytes() == path.read_bytes(), path
    change_config(again, lambda config: config["chromhmm"]["names"].pop("enhancer_middle"))
    change_config(
        again, lambda c: c["tasks"]["state"]["classes"]["strong_enhancer"]["states"].pop()
    )
    planned = run_snakemake(again, "chromhmm", "--dry-run").stdout
    assert "rule chromhmm_segments" in planned
    assert "rule chromhmm_learn" not in planned


def test_a_missing_program_is_one_sentence_before_any_job(tmp_path: Path) -> None:
    folder = lay_out_chip(tmp_path / "work")
    change_config(folder, lambda config: config["chromhmm"].update(command="NoChromHMM"))
    result = run_snakemake(folder, "chromhmm")
    assert result.returncode != 0
    assert "there is no program 'NoChromHMM'; install it (Debian: chromhmm and" in result.stdout
    assert "Traceback" not in result.stdout
    left = [p for p in (folder / RESULTS).rglob("*") if p.is_file() and "logs" not in p.parts]
    assert left == []
