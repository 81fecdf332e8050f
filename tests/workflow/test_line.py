"""The whole line on a slice of the yeast data."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from scipy.sparse import load_npz

from chrompute.gap import NO_REPLICATES
from helpers import need_program
from workflow_tools import change_config, run_snakemake

FILTERED = ["-q", "30", "-F", "3844", "-f", "66"]


def test_every_stage_leaves_its_files(finished: Path) -> None:
    results = finished / "results"
    expected = [
        "check/chrom.sizes", "check/inputs.json", "fragments/atac_1.parquet",
        "fragments/mnase.json",
        "tracks/atac_2.cuts.bw", "tracks/atac_1.coverage.bw", "tracks/mnase.dyads.bw",
        "tracks/atac_2.nucleosome_free.cpm.bw", "tracks/mnase.occupancy.cpm.bw",
        "quality/293.lengths.pdf", "quality/293.motif.png", "quality/two.tss.pdf",
        "quality/293.summary.tsv", "quality/quality.tsv", "quality/chrompute_mqc.json",
        "vplots/293/tss.npz", "vplots/two/tss.pdf",
        "vplots/293/state.promoter_tf.npz", "vplots/293/classes.png", "nucleosomes/293/plus1.pdf",
        "vplots/293/motif.corrected.pdf", "vplots/two/state.terminator.images.npz",
        "sites/motif.bed", "vplots/293/reb1.images.tsv",
        "nucleosomes/mnase.bed.gz", "nucleosomes/mnase.phasing.pdf", "nucleosomes/two/plus1.tsv",
        "nucleosomes/293/pooled.bed.gz", "nucleosomes/293/pooled.json",
        "windows/states.parquet", "models/forest/seed-1/predictions.parquet",
        "models/chrompute/seed-1/model.safetensors", "models/vplot/seed-1/history.tsv",
        "evaluation/metrics.tsv", "evaluation/confusion.tsv", "evaluation/replicates.tsv",
        "evaluation/agreement.tsv", "evaluation/agreement_classes.tsv", "evaluation/gap.tsv",
        "evaluation/calibration.tsv", "evaluation/reliability.tsv", "evaluation/modalities.tsv",
        "evaluation/oracles.tsv", "evaluation/splits/metrics.tsv", "evaluation/class_scores.tsv",
        "evaluation/comparisons.json", "evaluation/transfer.json", "evaluation/depth.json",
        "figures/transfer.states.state.pdf", "figures/depth.states.state.293.png",
        "figures/reliability.states.state.293.png",
        "figures/learning.vplot.pdf",
        "figures/models.states.state.two.pdf", "figures/composition.states.state.png",
        "figures/confusion.vplot.seed-1.state.293.png", "reports/windows.html",
        "predictions/chrompute/293.state.states.bed.gz", "predictions/chrompute/293.tsv.gz",
        "predictions/chrompute/293.state.plus1.bw", "igv/293.xml", "igv/two.xml",
        "interpretation/chrompute/293/sequence/state.promoter_tf.matches.tsv",
        "interpretation/chrompute/293/sequence/state.promoter_tf.mutations.png",
        "reports/293.html", "reports/two.html", "reports/index.html", "provenance.json",
    ]  # fmt: skip
    missing = [name for name in expected if not (results / name).stat().st_size]
    assert missing == []
    assert not list(results.glob("checkpoints/*"))


def test_a_second_run_has_nothing_to_do(finished: Path) -> None:
    result = run_snakemake(finished)
    assert result.returncode == 0
    assert "Nothing to be done" in result.stdout


def test_inputs_are_never_written_to(finished: Path, yeast_slice: Path) -> None:
    before = {path.name: path.read_bytes() for path in yeast_slice.iterdir()}
    after = {path.name: path.read_bytes() for path in finished.iterdir() if path.is_file()}
    assert after == before
    made = (finished / "results/check/index").glob("*.csi")
    assert [path.name for path in made] == ["mnase.0.csi"]


@pytest.mark.debian
def test_filter_counts_agree_with_samtools(finished: Path) -> None:
    samtools = need_program("samtools")
    for sample in ("atac_1", "mnase"):
        facts = json.loads((finished / f"results/fragments/{sample}.json").read_text())["counts"]
        bam = finished / f"{sample}.bam"
        total = subprocess.run([samtools, "view", "-c", bam], capture_output=True, check=True)
        assert facts["reads"] == int(total.stdout)
        others = {"reads", "fragments"}
        assert sum(n for name, n in facts.items() if name not in others) == facts["reads"]


@pytest.mark.debian
def test_blacklisted_fragments_agree_with_bedtools(finished: Path, tmp_path: Path) -> None:
    bedtools = need_program("bedtools")
    with pysam.AlignmentFile(finished / "mnase.bam", require_index=False) as bam:
        lines = [
            f"{r.reference_name}\t{r.reference_start}\t{r.reference_start + r.template_length}\n"
            for r in bam
            if r.is_proper_pair and r.template_length > 0
        ]
    (tmp_path / "pairs.bed").write_text("".join(lines))
    command = [
        bedtools,
        "intersect",
        "-u",
        "-a",
        tmp_path / "pairs.bed",
        "-b",
        finished / "blacklist.bed",
    ]
    hit = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    facts = json.loads((finished / "results/fragments/mnase.json").read_text())["counts"]
    assert facts["blacklist"] == 2 * len([line for line in hit if not line.startswith("chrM")])


def test_tracks_hold_what_the_store_holds(finished: Path) -> None:
    results = finished / "results"
    fragments = pd.read_parquet(results / "fragments/atac_1.parquet")
    with pyBigWig.open(str(results / "tracks/atac_1.cuts.bw")) as cuts:
        total = sum(cuts.stats(c, type="sum", exact=True)[0] for c in ("chrI", "chrIII", "chrVI"))
        assert total == 2 * len(fragments)
        assert cuts.stats("chrM") == [None]
    mnase = pd.read_parquet(results / "fragments/mnase.parquet")
    with pyBigWig.open(str(results / "tracks/mnase.dyads.bw")) as dyads:
        total = sum(dyads.stats(c, type="sum", exact=True)[0] for c in ("chrI", "chrIII", "chrVI"))
    assert total == mnase["length"].between(120, 180).sum()


def test_samples_of_a_cell_type_are_pooled(fresh: Path) -> None:
    """Beside a sample that is called like the pool of the other assay, which is not made."""
    sheet = (fresh / "samples.tsv").read_text().replace("two\t", "293\t")
    (fresh / "samples.tsv").write_text(sheet.replace("\nmnase\t", "\n293.MNase\t"))
    change_config(fresh, lambda config: config.update(labels="one.tsv"))
    lines = (fresh / "labels.tsv").read_text().splitlines()[:2]
    (fresh / "one.tsv").write_text("\n".join(lines) + "\n")
    pooled, alone = "results/tracks/293.ATAC.coverage", "results/tracks/293.MNase.dyads"
    assert f"{pooled}.cpm.bw" in (plan := run_snakemake(fresh, "assays", "-n").stdout)
    assert "results/tracks/293.MNase.dyads.bw" in plan
    result = run_snakemake(fresh, f"{pooled}.bw", f"{pooled}.cpm.bw", f"{alone}.bw")
    assert result.returncode == 0, result.stdout[-3000:]
    stores = [pd.read_parquet(fresh / f"results/fragments/atac_{n}.parquet") for n in (1, 2)]
    lengths = pd.concat(stores)["length"].astype(int)
    for name, scale in ((pooled, 1), (f"{pooled}.cpm", 1e6 / len(lengths))):
        with pyBigWig.open(str(fresh / f"{name}.bw")) as track:
            chroms = ("chrI", "chrIII", "chrVI")
            total = sum(track.stats(c, type="sum", exact=True)[0] for c in chroms)
        assert total == pytest.approx(lengths.sum() * scale, rel=1e-6)
    assert (fresh / "results/logs/tracks/293.MNase.log").is_file()


def test_quality_of_samples_stands_in_the_table(finished: Path) -> None:
    folder = finished / "results/quality"
    table = pd.read_csv(folder / "quality.tsv", sep="\t", dtype={"cell_type": str})
    assert table["sample"].tolist() == ["atac_1", "mnase", "atac_2"]
    facts = json.loads((folder / "atac_1.json").read_text())
    assert sum(facts["filters"].values()) == facts["reads"]
    assert facts["motif_shift"]["agrees"] is True
    assert facts["verdicts"]["frip"]["verdict"] == "not available"
    pooled = json.loads((folder / "293.summary.json").read_text())
    assert pooled["assays"]["ATAC"]["tss_enrichment"] == facts["tss_enrichment"]
    text = (finished / "results/reports/293.html").read_text()
    assert facts["verdicts"]["fragments"]["reason"] in text


def test_deeptools_draws_its_pictures(finished: Path) -> None:
    targets = [f"results/quality/{n}.png" for n in ("mnase.fingerprint", "ATAC.bigwigs")]
    targets.append("results/quality/two.tss_heatmap.png")
    result = run_snakemake(finished, *targets)
    assert result.returncode == 0, result.stdout[-3000:]
    assert all((finished / name).stat().st_size > 5000 for name in targets)
    folder = finished / "results/quality"
    matrix = pd.read_csv(folder / "ATAC.bigwigs.tsv", sep="\t", comment="#", index_col=0)
    assert matrix.shape == (2, 2)
    numbers = pd.read_csv(folder / "mnase.fingerprint.tsv", sep="\t")
    assert numbers["Sample"].tolist() == ["mnase.bam"]


def test_own_peaks_give_frip_and_missing_macs3_is_told(fresh: Path) -> None:
    (fresh / "own_peaks.bed").write_text("chrI\t1000\t90000\n")
    peaks = {"files": {"293": "own_peaks.bed"}, "call": True}
    change_config(fresh, lambda config: config.update(peaks=peaks))
    result = run_snakemake(fresh, "results/quality/atac_1.json")
    assert result.returncode == 0, result.stdout[-3000:]
    assert json.loads((fresh / "results/quality/atac_1.json").read_text())["frip"] > 0.1
    if shutil.which("macs3") is None:
        result = run_snakemake(fresh, "results/peaks/two.narrowPeak")
        assert result.returncode == 1
        assert "macs3 is not installed" in result.stdout


def test_class_vplots_cover_every_window_of_the_class(finished: Path) -> None:
    windows = pd.read_parquet(finished / "results/windows/states.parquet")
    mine = windows[(windows["cell_type"] == "two") & (windows["state"] == "terminator")]
    images = load_npz(finished / "results/vplots/two/state.terminator.images.npz")
    sites = pd.read_csv(finished / "results/vplots/two/state.terminator.images.tsv", sep="\t")
    with np.load(finished / "results/vplots/two/state.terminator.npz") as vplot:
        assert json.loads(str(vplot["metadata"]))["n_sites"] == len(mine)
        assert vplot["counts"].shape == (400, 2001)
        assert vplot["counts"].sum() > 0
        assert np.array_equal(np.ravel(images.sum(axis=0)), vplot["counts"].ravel())
    assert [*sites["position"]] == [*mine["centre"]]


def test_metrics_are_tidy_and_of_the_test_chromosome_only(finished: Path) -> None:
    path = finished / "results/evaluation/metrics.tsv"
    metrics = pd.read_csv(path, sep="\t", dtype={"cell_type": str})
    columns = ["model", "seed", "task", "cell_type", "split", "metric", "value", "low", "high"]
    assert [*metrics.columns] == columns
    assert set(metrics["split"]) == {"test"}
    names = {"accuracy", "balanced_accuracy", "kappa", "auroc", "auprc", "ece", "log_loss"}
    names |= {"f1", "mcc"}
    assert len(metrics) == 6 * 2 * len(names)  # models, cell types
    assert set(metrics["metric"]) == names
    assert (metrics["low"] <= metrics["high"]).all()
    predictions = pd.read_parquet(finished / "results/models/forest/seed-1/predictions.parquet")
    test = predictions[(predictions["split"] == "test") & (predictions["cell_type"] == "293")]
    assert set(test["chrom"]) == {"chrIII"}
    probabilities = test.filter(like="p:state:")
    called = probabilities.idxmax(axis=1).str.removeprefix("p:state:")
    known = [test[f"label:state:{name}"].astype(object).dropna() for name in ("1", "b")]
    hits = np.array([(called[label.index] == label).mean() for label in known])
    row = metrics.query("model == 'forest' and cell_type == '293' and metric == 'accuracy'")
    assert row["value"].item() == pytest.approx(hits.mean(), abs=1e-6)
    assert (
        row["value"].item()
        > metrics.query("model == 'majority' and metric == 'accuracy'")["value"].max()
    )


def test_tables_of_the_evaluation_agree_with_each_other(finished: Path) -> None:
    """All fragments give the scores of the evaluation, and pairs the differences of scores."""
    folder = finished / "results/evaluation"
    names = ("metrics", "splits/metrics", "depth", "transfer", "comparisons")
    metrics, splits, depth, transfer, pairs = (
        pd.DataFrame(json.loads((folder / f"{name}.json").read_text())) for name in names
    )
    keys = ["model", "cell_type", "metric"]
    scores = metrics.set_index(keys)["value"]
    whole = depth[depth["fraction"] == 1].set_index(keys)["value"]
    assert {*depth["fraction"]} == {1, 0.5, 0.25, 0.1, 0.05, 0.01}
    assert {*depth["model"]} == {"vplot", "chrompute"}
    assert (whole == scores[whole.index]).all()
    assert (transfer.set_index(keys)["value"] - scores).abs().max() < 2e-6
    seen = transfer[transfer["model"] == "chrompute"].set_index("cell_type")["seen"]
    assert {**seen.groupby(level=0).first()} == {"293": "yes", "two": "no"}
    networks = splits["model"].isin(["vplot", "chrompute"])
    assert {*splits.loc[networks, "split"]} == {"train", "valid", "test"}
    assert {*splits.loc[~networks, "split"]} == {"valid", "test"}
    test = splits[splits["split"] == "test"].set_index(keys)["value"]
    assert (test == scores[test.index]).all()
    assert len(pairs) == 15 * 2 * len(pairs["metric"].unique())  # pairs of six models, cell types
    for row in pairs.itertuples():
        one, two = (scores[name, row.cell_type, row.metric] for name in (row.first, row.second))
        assert row.value == pytest.approx(one - two, abs=2e-6)


def test_replicates_truth_and_agreement_have_their_tables(finished: Path) -> None:
    """Agreement against the windows and against two label files that were made here."""
    folder = finished / "results/evaluation"
    columns = ["cell_type", "labels", "model", "metric"]
    scores = pd.read_csv(folder / "replicates.tsv", sep="\t", dtype={"cell_type": str})
    kinds = scores.groupby("cell_type")["labels"].unique()
    assert kinds["293"].tolist() == ["replicate 1", "replicate b", "truth"]
    assert kinds["two"].tolist() == ["replicate 1"]
    scores = scores.set_index(columns)["value"].unstack("metric")
    metrics = pd.read_csv(folder / "metrics.tsv", sep="\t", dtype={"cell_type": str})
    means = scores.drop(index="truth", level="labels").groupby(["cell_type", "model"]).mean()
    found = metrics.set_index(["cell_type", "model", "metric"])["value"].unstack("metric")
    assert (means - found).abs().max().max() < 2e-6
    windows = pd.read_parquet(finished / "results/windows/states.parquet")
    test = windows[(windows["cell_type"] == "293") & (windows["split"] == "test")]
    both = test.dropna(subset=["state.1", "state.b"])
    agreed = pd.read_csv(folder / "agreement.tsv", sep="\t", dtype={"cell_type": str})
    assert set(agreed["cell_type"]) == {"293"}
    agreed = agreed.set_index("metric")
    assert [*agreed.index] == ["accuracy", "balanced_accuracy", "kappa"]
    both = both.astype({"state.1": object, "state.b": object})
    share = (both["state.1"] == both["state.b"]).mean()
    assert 0.75 < share < 0.9
    assert agreed.loc["accuracy", "value"] == pytest.approx(share, abs=1e-6)
    facts = json.loads((finished / "results/windows/states.json").read_text())
    disagree = int((both["state.1"] != both["state.b"]).sum())
    assert facts["tasks"]["state"]["disagree"]["293"]["test"] == disagree
    gaps = pd.read_csv(folder / "gap.tsv", sep="\t", dtype={"cell_type": str})
    assert set(gaps.loc[gaps["cell_type"] == "two", "note"]) == {NO_REPLICATES}
    text = (finished / "results/reports/293.html").read_text()
    assert f"{agreed.loc['accuracy', 'value']:.3f}<small>" in text
    assert "replicates disagree" in text
    assert "<th>replicate b</th><th>truth</th>" in text
    other = (finished / "results/reports/two.html").read_text()
    assert "not available, since the labels have one replicate" in other
    assert "replicates disagree" not in other
    assert "Simulated data" not in text


def test_shuffled_labels_teach_nothing(finished: Path) -> None:
    metrics = pd.read_csv(finished / "results/evaluation/metrics.tsv", sep="\t")
    auroc = metrics[metrics["metric"] == "auroc"].groupby("model")["value"].mean()
    assert auroc["forest"] > 0.65
    assert auroc["shuffled"] < 0.56
    card = finished / "results/models/shuffled/seed-1/card.json"
    assert json.loads(card.read_text())["permute"] == ["labels"]


def test_reports_are_self_contained(finished: Path) -> None:
    for name in ("293", "two", "windows"):
        text = (finished / f"results/reports/{name}.html").read_text()
        assert re.findall(r'(?:src|srcset)="(?!data:)', text) == []
        # igv.js names addresses that it asks nothing of, as tests in a browser see.
        assert "http" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
        assert text.count("data:image/webp;base64,") >= (9 if name != "windows" else 1)
        for pdf in re.findall(r'href="([^"]+\.pdf)"', text):
            assert (finished / "results/reports" / pdf).is_file()
    assert (
        "No MNase sample, so no nucleosome" in (finished / "results/reports/two.html").read_text()
    )
    index = (finished / "results/reports/index.html").read_text()
    assert all(f'href="{name}.html"' in index for name in ("293", "two", "windows"))


def test_training_says_how_far_it_is(finished: Path) -> None:
    log = (finished / "results/logs/train/chrompute.1.log").read_text()
    assert "parameters" in log
    assert re.search(r"epoch 2, .*train loss [\d.]+, valid loss [\d.]+, valid accuracy", log)
    assert re.search(r"[\d,]+ windows/s", log)


def test_provenance_names_inputs_versions_seeds_and_device(finished: Path) -> None:
    facts = json.loads((finished / "results/provenance.json").read_text())
    assert len(facts["inputs"]["genome.fa"]) == 64
    assert facts["packages"]["torch"]
    assert facts["models"]["vplot/seed-1"] == {"seed": 1, "device": "cpu"}
    assert facts["hardware"]["cores"] >= 1
    assert facts["changed_since_commit"] == facts["code"].endswith("+changes")
    train = facts["stages"]["train"]
    assert train["jobs"] == len(list((finished / "results/bench/train").glob("*.jsonl")))
    assert train["cpu_seconds"] > 0
    assert train["peak_mb"] > 100


def test_the_paper_set_is_drawn(finished: Path) -> None:
    result = run_snakemake(finished, "figures")
    assert result.returncode == 0, result.stdout[-5000:]
    folder = finished / "results/figures/paper"
    kinds = {path.name.split(".")[0] for path in folder.glob("*.pdf")}
    assert {"vplots", "nucleosomes", "layers", "models", "confusion", "calibration"} <= kinds
    for path in folder.glob("*.pdf"):
        assert path.with_suffix(".png").stat().st_size > 5000
        assert len(path.with_suffix(".tsv").read_text().splitlines()) > 1, path.name


def test_snakemake_report_is_written(finished: Path) -> None:
    result = run_snakemake(finished, "--report", "report.html")
    try:
        assert result.returncode == 0, result.stdout[-3000:]
        text = (finished / "report.html").read_text()
    finally:
        (finished / "report.html").unlink(missing_ok=True)
    figures, categories = (_variable(text, name) for name in ("results", "categories"))
    assert {*categories} == {
        "Quality", "V-plots", "Nucleosomes", "Windows", "Training", "Evaluation", "Interpretation"
    }  # fmt: skip
    assert [path for path, figure in figures.items() if len(figure["caption"]) < 60] == []
    names = {path.removeprefix("results/interpretation/chrompute/293/") for path in figures}
    assert "state.attributions.png" in names
    assert any(name.startswith("state.loci/") for name in names)


def _variable(page: str, name: str) -> dict[str, Any]:
    """Return a variable of the scripts of Snakemake's report."""
    start = page.index(" = ", page.index(f'<script id="{name}">')) + 3
    found: dict[str, Any] = json.JSONDecoder().raw_decode(page, start)[0]
    return found
