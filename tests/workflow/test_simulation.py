"""The tiny simulated experiment through the whole line: what comes out is what was planted."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from chrompute.distances import ShiftEstimate, estimate_shift
from chrompute.fragments import Fragments, Shift
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import draw_sample
from chrompute.simulate.genome import draw_genome, draw_loci
from simulation_tools import (
    RESULTS,
    cuts_around,
    fragments_of_bam,
    lay_out_small,
    read_facts,
    read_loci,
    read_planted,
)
from workflow_tools import change_config, run_snakemake

SAMPLES = {"A_atac_1": "sim_A", "A_atac_2": "sim_A", "B_atac": "sim_B", "A_mnase": "sim_A"}
SIMULATION = f"{RESULTS}/simulation"


# The workflow


def test_every_stage_leaves_its_files(simulated: Path) -> None:
    expected = [
        "simulation/genome.fa.fai", "simulation/genes.gtf", "simulation/B_mnase.bam.bai",
        "simulation/truth/rules.json", "simulation/truth/motifs.bed",
        "simulation/marks/sim_B.H3K27me3.2.narrowPeak", "simulation/marks/sim_A.input.1.bam",
        "check/simulated.json", "fragments/B_atac.parquet", "tracks/A_atac_1.cuts.bw",
        "tracks/B_mnase.dyads.bw", "quality/quality.tsv", "vplots/sim_A/tss.png",
        "vplots/sim_B/classes.png", "nucleosomes/sim_B/tss.png", "windows/states.parquet",
        "models/oracle/seed-1/card.json", "models/chrompute/seed-1/model.safetensors",
        "evaluation/metrics.tsv", "evaluation/nucleosomes.sim_B.json",
        "figures/models.states.state.sim_A.pdf", "reports/sim_A.html", "reports/index.html",
        "provenance.json",
    ]  # fmt: skip
    missing = [name for name in expected if not (simulated / RESULTS / name).stat().st_size]
    assert missing == []
    for name in ("sim_A", "sim_B", "index"):
        text = (simulated / RESULTS / f"reports/{name}.html").read_text()
        assert text.count("Simulated data: nothing on this page was measured in cells.") == 1


def test_a_second_run_has_nothing_to_do(simulated: Path) -> None:
    result = run_snakemake(simulated)
    assert result.returncode == 0
    assert "Nothing to be done" in result.stdout


def test_what_there_is_to_do_is_known_before_anything_is_simulated(
    simulated: Path, unsimulated: Path
) -> None:
    """Pictures of alignments too, which could be asked only once these are there."""

    def with_pictures(config: dict[str, Any]) -> None:
        config["quality"]["deeptools"] = True

    targets = [f"{RESULTS}/reports/sim_A.html", f"{RESULTS}/reports/sim_B.html"]
    path = simulated / "config.yaml"
    before, plans = path.read_text(), []
    try:
        for folder in (simulated, unsimulated):
            change_config(folder, with_pictures)
            plans.append(run_snakemake(folder, "-n", *targets).stdout)
    finally:
        path.write_text(before)
    for plan in plans:
        assert len(re.findall(r"^rule fingerprint:", plan, re.M)) == 5  # samples


def test_simulated_files_pass_the_check_of_inputs(simulated: Path) -> None:
    checked = read_facts(simulated, "check/simulated.json")
    sheets = [simulated / f"config/tiny/{name}.tsv" for name in ("samples", "labels")]
    paths = [path for sheet in sheets for path in pd.read_csv(sheet, sep="\t")["path"]]
    assert len(paths) == 5 + 6 + 4  # samples, states, marks
    assert {*paths, f"{SIMULATION}/genome.fa", f"{SIMULATION}/genes.gtf"} <= set(checked["files"])
    assert checked["chromosomes"] == {f"chr{n}": 300_000 for n in (1, 2, 3, 4)}
    assert checked["notes"] == []


def test_a_lost_simulated_file_is_made_again_with_what_follows_from_it(
    simulated: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(simulated, tmp_path / "work"))
    lost = folder / SIMULATION / "A_atac_1.bam"
    before = lost.read_bytes()
    lost.unlink()
    stores = [f"{RESULTS}/fragments/{name}.parquet" for name in SAMPLES]
    times = {name: (folder / name).stat().st_mtime_ns for name in stores}
    result = run_snakemake(folder, *stores, f"{SIMULATION}/A_atac_1.bam")
    assert result.returncode == 0, result.stdout[-3000:]
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", result.stdout, re.M))
    assert jobs == {"simulate_sample": "1", "check_simulated": "1", "fragments": "1", "total": "3"}
    assert lost.read_bytes() == before
    made = [name for name in stores if (folder / name).stat().st_mtime_ns != times[name]]
    assert made == stores[:1]
    assert (folder / stores[0]).read_bytes() == (simulated / stores[0]).read_bytes()


def test_one_seed_decides_every_byte(simulated: Path, unsimulated: Path) -> None:
    names = ["A_atac_1.bam", "A_mnase.bam", "genome.fa", "sim_A.states.1.bed"]
    names += ["marks/sim_A.CTCF.1.narrowPeak"]
    result = run_snakemake(unsimulated, *(f"{SIMULATION}/{name}" for name in names))
    assert result.returncode == 0, result.stdout[-3000:]
    made = sorted(path for path in (unsimulated / SIMULATION).rglob("*") if path.is_file())
    assert len(made) > 30  # with indexes, truth and alignments of marks
    pairs = [(path, simulated / path.relative_to(unsimulated)) for path in made]
    assert [path for path, other in pairs if path.read_bytes() != other.read_bytes()] == []
    change_config(unsimulated, lambda config: config["simulation"].update(seed=2))
    other_seed = ["genome.fa", "A_mnase.bam", "sim_A.states.1.bed", "truth/sim_A.dyads.bed.gz"]
    result = run_snakemake(unsimulated, *(f"{SIMULATION}/{name}" for name in other_seed))
    assert result.returncode == 0, result.stdout[-3000:]
    for name in other_seed:
        own, first = (
            (folder / SIMULATION / name).read_bytes() for folder in (unsimulated, simulated)
        )
        assert own != first, name


def unknown_factor(folder: Path) -> None:
    change_config(folder, lambda c: c["simulation"]["factors"]["sim_A"].append("GATA9"))


def other_path(folder: Path) -> None:
    sheet = folder / "config/tiny/samples.tsv"
    sheet.write_text(sheet.read_text().replace("simulation/A_mnase.bam", "simulation/mine.bam"))


def unknown_cell_type(folder: Path) -> None:
    change_config(folder, lambda c: c["simulation"]["factors"].pop("sim_B"))


def no_simulation(folder: Path) -> None:
    change_config(folder, lambda config: config.pop("simulation"))


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "unknown factor": (unknown_factor, "simulation/factors/sim_A: 'GATA9' is no factor of any"),
    "other path": (other_path, "mine.bam is not what the simulation makes; give "),
    "cell type": (unknown_cell_type, "cell type 'sim_B' is not simulated; simulation/factors has"),
    "oracle alone": (
        no_simulation,
        "models/oracle: an oracle knows the simulator; there is no block",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_block_stops_before_any_job(unsimulated: Path, name: str) -> None:
    spoil, sentence = FAULTS[name]
    spoil(unsimulated)
    result = run_snakemake(unsimulated)
    assert result.returncode != 0
    assert sentence in result.stdout
    assert "Traceback" not in result.stdout
    assert re.findall(r"^(?:local)?rule (\w+):", result.stdout, re.M) == []
    assert not (unsimulated / SIMULATION).exists()


# Quality, as planted


def test_the_quality_stage_finds_nothing_wrong(simulated: Path) -> None:
    for cell_type in ("sim_A", "sim_B"):
        facts = read_facts(simulated, f"quality/{cell_type}.summary.json")
        assert facts["verdict"] == "pass"
        atac = facts["assays"]["ATAC"]["verdicts"]
        for name in ("tss_enrichment", "ladder_peaks", "shift_agrees"):
            assert atac[name]["verdict"] == "pass"


@pytest.mark.parametrize("sample", SAMPLES)
def test_filters_count_what_was_written(simulated: Path, sample: str) -> None:
    counts = read_facts(simulated, f"fragments/{sample}.json")["counts"]
    written = read_facts(simulated, f"simulation/truth/{sample}.reads.json")
    assert min(written[name] for name in ("good", "low_mapq", "flagged", "improper")) > 100
    same_ends = counts["duplicate_ends"]
    expected = {
        "unmapped": 2 * written["unmapped"] + written["half_mapped"],
        "duplicate_flag": 2 * written["flagged"],
        "mapq": 2 * written["low_mapq"],
        "improper_pair": 2 * written["improper"] + written["half_mapped"],
        "duplicate_ends": same_ends,
        "kept": 2 * written["good"] - same_ends,
        "reads": written["reads"],
        "fragments": written["good"] - same_ends // 2,
    }
    assert {name: number for name, number in counts.items() if number} == {
        name: number for name, number in expected.items() if number
    }


@pytest.mark.parametrize("sample", ["A_atac_1", "B_atac"])
def test_tss_enrichment_is_that_of_the_planted_promoters(simulated: Path, sample: str) -> None:
    cell_type = SAMPLES[sample]
    fragments = fragments_of_bam(simulated / SIMULATION / f"{sample}.bam")
    facts = read_facts(simulated, f"quality/{sample}.json")
    assert facts["fragments"] == sum(map(len, fragments.values()))
    loci = read_loci(simulated)
    sites = loci[loci["kind"].str.startswith("promoter")].reset_index(drop=True)
    counts = cuts_around(fragments, sites, 2025)
    profile = np.convolve(counts.sum(axis=0), np.ones(51), "valid")
    outermost = np.concatenate([profile[:100], profile[-100:]]).mean()
    assert facts["tss_enrichment"] == pytest.approx(profile.max() / outermost, rel=0.05)
    near = counts[:, 2025 - 100 : 2025 + 101].sum(axis=1)
    active, poised = (near[sites[cell_type] == f"{kind}_promoter"] for kind in ("active", "poised"))
    assert mannwhitneyu(active, poised, alternative="greater").pvalue < 1e-3


def test_nucleosomes_repeat_as_planted(simulated: Path) -> None:
    spacing = {
        state: plan["spacing"]
        for state, plan in read_facts(simulated, "simulation/truth/rules.json")[
            "architectures"
        ].items()
    }
    for cell_type in ("sim_A", "sim_B"):
        planted = read_planted(simulated, cell_type)
        mean = planted["state"].map(spacing).mean()
        for sample in (
            name for name, own in SAMPLES.items() if own == cell_type and "atac" in name
        ):
            ladder = read_facts(simulated, f"quality/{sample}.json")["ladder"]
            assert abs(ladder["period"] - mean) < 15, sample
        phased = planted.loc[planted["well"] == 1, "state"].map(spacing)
        calls = read_facts(simulated, f"nucleosomes/{cell_type}/pooled.json")
        assert phased.min() - 5 < calls["repeat_length"] < phased.max() + 5


def test_planted_nucleosomes_are_found(simulated: Path) -> None:
    for cell_type in ("sim_A", "sim_B"):
        path = simulated / RESULTS / f"nucleosomes/{cell_type}/pooled.bed.gz"
        calls = pd.read_csv(path, sep="\t", header=None, comment="#")
        called = calls.assign(dyad=(calls[1] + calls[2]) // 2)
        planted = read_planted(simulated, cell_type)
        false, found, well = 0, 0, 0
        for chrom, own in called.groupby(0):
            there = planted[planted["chrom"] == chrom]
            distance = np.abs(own["dyad"].to_numpy()[:, None] - there["dyad"].to_numpy())
            false += int((distance.min(axis=1) > 20).sum())
            near = distance[:, (there["well"] == 1).to_numpy()].min(axis=0) <= 20
            found, well = found + int(near.sum()), well + near.size
        told = read_facts(simulated, f"evaluation/nucleosomes.{cell_type}.json")
        assert (told["n_planted_well"], told["n_calls"]) == (well, len(called))
        assert told["n_false"] == false
        assert 0.9 * well <= told["n_found"] <= found  # here a call may serve two dyads
        text = (simulated / RESULTS / f"reports/{cell_type}.html").read_text()
        assert f"Of {well:,} well-positioned planted nucleosomes {told['n_found']:,} (" in text
        assert (
            f"Of {len(called):,} calls {false:,} ({100 * false / len(called):.1f}&nbsp;%) are"
            in text
        )


RIGHT_SHIFTS = {"none": "+4/-4", "+4/-4": "none", "+4/-5": "+0/+1"}


def estimated_shift(written: str, declared: str) -> ShiftEstimate:
    """Simulate a sample with ends written one way, and read it by another declaration."""
    design = Design(
        chromosomes=1, chromosome_length=300_000, depth={"ATAC": 66}, written_shift=written
    )
    genome, _ = draw_genome(design, draw_loci(design))
    starts, ends = draw_sample(design, genome, "sim_A", "ATAC", "one")["chr1"]
    shift = Shift.parse(declared)
    chrom = np.zeros(starts.size)
    store = Fragments.from_intervals(design.sizes, chrom, starts + shift.start, ends + shift.end)
    return estimate_shift(store, shift)


@pytest.mark.parametrize("written", RIGHT_SHIFTS)
def test_the_shift_that_was_written_is_found(written: str) -> None:
    state = "unshifted" if written == "none" else written
    estimate = estimated_shift(written, RIGHT_SHIFTS[written])
    assert (estimate.found, estimate.agrees) == (state, True)
    wrong = "none" if written == "none" else "+4/-4"
    estimate = estimated_shift(written, wrong)
    assert (estimate.found, estimate.agrees) == (state, False)
    assert f"set the sample's shift to {RIGHT_SHIFTS[written]}" in estimate.sentence


# Other inputs


TARGETS = [f"{RESULTS}/reports/sim_A.html", f"{RESULTS}/tracks/mnase.dyads.bw"]


def test_single_end_mnase_and_ends_that_were_shifted_before(tmp_path: Path) -> None:
    """One ATAC sample is declared as it was written, by +4/-4, and one is not."""
    sheet = (
        "sample\tcell_type\tassay\tpath\tshift\tlayout\n"
        "right\tsim_A\tATAC\tBAMS/right.bam\tnone\t\n"
        "wrong\tsim_A\tATAC\tBAMS/wrong.bam\t\t\n"
        "mnase\tsim_A\tMNase\tBAMS/mnase.bam\t\tsingle\n"
    )
    folder = lay_out_small(tmp_path / "work", sheet, {"written_shift": "+4/-4"})
    result = run_snakemake(folder, *TARGETS)
    assert result.returncode == 0, result.stdout[-5000:]
    agrees = {
        name: read_facts(folder, f"fragments/{name}.json")["shift_estimate"]
        for name in ("right", "wrong")
    }
    assert {own["found"] for own in agrees.values()} == {"+4/-4"}
    assert {name: own["agrees"] for name, own in agrees.items()} == {"right": True, "wrong": False}
    text = (folder / RESULTS / "reports/sim_A.html").read_text()
    loud = '<div class="warning loud"><strong>{}: check the end shift.</strong>'
    assert loud.format("wrong") in text
    assert loud.format("right") not in text
    assert "set the sample&#39;s shift to none" in text
    written = read_facts(folder, "simulation/truth/mnase.reads.json")
    mnase = read_facts(folder, "fragments/mnase.json")
    counts = mnase["counts"]  # some reads begin nearer to an end than a fragment is long
    assert counts["fragments"] + counts["off_chromosome"] == written["good"]
    assert counts["off_chromosome"] < 10
    assert counts["reads"] == sum(
        written[name] for name in ("good", "low_mapq", "flagged", "unmapped")
    )
    # Reads alone tell how long the fragments are: 147 bp and what MNase leaves at both ends.
    assert abs(mnase["extended_to"] - (147 + 2 * 4)) <= 5
    found = read_facts(folder, "evaluation/nucleosomes.sim_A.json")
    assert found["n_found"] >= 0.9 * found["n_planted_well"] > 100
    assert read_facts(folder, "quality/mnase.json")["verdict"] == "pass"


def test_a_twentieth_of_the_depth_completes_with_warnings(tmp_path: Path) -> None:
    sheet = (
        "sample\tcell_type\tassay\tpath\n"
        "atac\tsim_A\tATAC\tBAMS/atac.bam\n"
        "mnase\tsim_A\tMNase\tBAMS/mnase.bam\n"
    )
    folder = lay_out_small(tmp_path / "work", sheet, {"depth": {"ATAC": 1.65, "MNase": 4}})
    result = run_snakemake(folder, *TARGETS)
    assert result.returncode == 0, result.stdout[-5000:]
    text = (folder / RESULTS / "reports/sim_A.html").read_text()
    for sample in ("atac", "mnase"):
        facts = read_facts(folder, f"quality/{sample}.json")
        judged = {
            name: entry["verdict"]
            for name, entry in facts["verdicts"].items()
            if entry["verdict"] not in ("pass", "not available")
        }
        assert judged == {"fragments": "warn"}
        assert (
            f"<strong>{sample}</strong>: fragments {facts['fragments']:,} is below 20,000." in text
        )
    found = read_facts(folder, "evaluation/nucleosomes.sim_A.json")
    assert found["n_found"] < 0.5 * found["n_planted_well"]
    assert f"{found['n_found']:,} ({100 * found['recall']:.1f}&nbsp;%) have a call" in text
    assert " nan" not in text.lower()
