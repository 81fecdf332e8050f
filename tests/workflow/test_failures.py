"""What goes wrong is said once, with the culprit's name, and leaves nothing half-written."""

import gzip
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysam
import pytest

from helpers import ROOT
from workflow_tools import change_config, run_snakemake, start_snakemake


def cut_bam(folder: Path) -> None:
    path = folder / "atac_1.bam"
    path.write_bytes(path.read_bytes()[:-5000])


def unsort_bam(folder: Path) -> None:
    """Turn the order round and leave header and index as they were."""
    path = folder / "atac_1.bam"
    with pysam.AlignmentFile(path) as bam:
        reads, header = [*bam], bam.header
    with pysam.AlignmentFile(path, "wb", header=header) as out:
        for read in reversed(reads):
            out.write(read)


def other_genome(folder: Path) -> None:
    path = folder / "genome.fa"
    path.write_text(path.read_text().replace(">chr", ">"))


def longer_genome(folder: Path) -> None:
    path = folder / "genome.fa"
    path.write_text(path.read_text().replace(">chrVI\n", ">chrVI\nACGT"))


def bad_label_line(folder: Path) -> None:
    with (folder / "states.bed").open("a") as handle:
        handle.write("chrVI\t270000\t999999\tIntergenic\n")


def unmapped_class(folder: Path) -> None:
    path = folder / "states.bed"
    path.write_text(path.read_text().replace("Terminator", "Terminus"))


def misspelt_key(folder: Path) -> None:
    change_config(folder, lambda config: config.update(fragmnets={"min_mapq": 10}))


def duplicate_sample(folder: Path) -> None:
    path = folder / "samples.tsv"
    path.write_text(path.read_text().replace("atac_2\ttwo", "atac_1\ttwo"))


def no_such_bam(folder: Path) -> None:
    (folder / "atac_2.bam").unlink()


CASES: dict[str, tuple[Callable[[Path], Any], list[str]]] = {
    "truncated BAM": (cut_bam, ["atac_1.bam: is truncated"]),
    "unsorted BAM": (unsort_bam, ["atac_1.bam: is not sorted by coordinate", "samtools sort"]),
    "other names": (other_genome, ["no chromosome name agrees", "atac_1.bam", "mnase.bam", "chrI"]),
    "other lengths": (longer_genome, ["chrVI 270,161 against 270,165"]),
    "bad line in labels": (bad_label_line, ["states.bed, line", "end 999,999 lies beyond"]),
    "class without mapping": (unmapped_class, ["state 'Terminus' has no class", "'Terminator'"]),
    "misspelt key": (misspelt_key, ["unknown key 'fragmnets'; did you mean 'fragments'?"]),
    "sample named twice": (
        duplicate_sample,
        ["samples.tsv, line 4: sample 'atac_1' is already on"],
    ),
    "missing BAM": (no_such_bam, ["atac_2.bam: there is no such file"]),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_stops_with_its_name_and_leaves_nothing(fresh: Path, name: str) -> None:
    spoil, words = CASES[name]
    spoil(fresh)
    result = run_snakemake(fresh)
    assert result.returncode != 0
    for word in words:
        assert word in result.stdout
    assert "Traceback" not in result.stdout
    left = [p for p in (fresh / "results").rglob("*") if p.is_file() and "logs" not in p.parts]
    assert left == []


def flip_late(folder: Path) -> None:
    """Repeat the reads, and turn one bit behind those that the check before a run looks at."""
    path = folder / "atac_1.bam"
    with pysam.AlignmentFile(path) as bam:
        reads, header = [*bam], bam.header
    with pysam.AlignmentFile(path, "wb", header=header) as out:
        for read in reads:
            for _ in range(300_000 // len(reads) + 1):
                out.write(read)
    pysam.index(str(path))
    data = bytearray(path.read_bytes())
    data[-20_000] ^= 1
    path.write_bytes(data)
    os.utime(f"{path}.bai")


def test_damage_that_the_check_cannot_see_leaves_no_store(fresh: Path) -> None:
    flip_late(fresh)
    result = run_snakemake(fresh, "results/fragments/atac_1.parquet")
    assert result.returncode != 0
    assert "atac_1.bam: reading failed" in result.stdout
    assert "copy or align it again" in result.stdout
    assert "Traceback" not in result.stdout
    assert not list((fresh / "results/fragments").glob("*"))


def test_one_run_tells_of_sheet_and_file_faults_together(fresh: Path) -> None:
    for spoil in (cut_bam, duplicate_sample, bad_label_line, misspelt_label_task, misspelt_key):
        spoil(fresh)
    result = run_snakemake(fresh)
    assert result.returncode != 0
    words = ["is truncated", "is already on", "lies beyond", "task 'stat' is not", "fragmnets"]
    for word in words:
        assert word in result.stdout


def misspelt_label_task(folder: Path) -> None:
    path = folder / "labels.tsv"
    path.write_text(path.read_text().replace("two\tstate", "two\tstat"))


def test_a_killed_run_loses_no_epoch_and_ends_in_the_same_bytes(
    fresh: Path, finished: Path
) -> None:
    model = "results/models/vplot/seed-1/model.safetensors"
    targets = [
        model, "results/models/vplot/seed-1/card.json",
        "results/fragments/atac_1.parquet", "results/tracks/atac_1.coverage.bw",
        "results/vplots/293/tss.npz", "results/vplots/293/tss.pdf",
        "results/windows/states.parquet", "results/vplots/293/tss.png",
        "results/models/forest/seed-1/predictions.parquet",
        "results/models/vplot/seed-1/predictions.parquet",
        "results/evaluation/vplot.seed-1.scores.tsv", "results/quality/293.lengths.png",
    ]  # fmt: skip
    process = start_snakemake(fresh, model)
    deadline = time.monotonic() + 120
    while not list((fresh / "results").rglob("last.ckpt")):
        assert process.poll() is None, process.stdout
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C in a terminal does
    process.communicate(timeout=60)
    assert not (fresh / model).exists()
    again = run_snakemake(fresh, *targets)
    assert again.returncode == 0, again.stdout[-3000:]
    assert "resuming after epoch" in again.stdout
    different = [
        name for name in targets if (fresh / name).read_bytes() != (finished / name).read_bytes()
    ]
    assert different == []


def test_a_wrong_genome_stops_the_yeast_run_at_the_check(yeast: Path, tmp_path: Path) -> None:
    """The whole BAMs and labels of the shipped configuration, and a genome with one base more."""
    for name in ("yeast.yaml", "yeast/samples.tsv", "yeast/labels.tsv"):
        text = (ROOT / "config" / name).read_text().replace("../shared/data/yeast", str(yeast))
        target = tmp_path / "config" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (tmp_path / "config/yeast.yaml").rename(tmp_path / "config.yaml")
    sequences = gzip.decompress((yeast / "genome/sacCer3.fa.gz").read_bytes()).decode()
    (tmp_path / "wrong.fa").write_text(sequences.replace(">chrI\n", ">chrI\nA", 1))
    change_config(tmp_path, lambda c: c["genome"].update(fasta="wrong.fa"))
    result = run_snakemake(tmp_path)
    assert result.returncode != 0
    assert "chrI 230,218 against 230,219" in result.stdout
    started = re.findall(r"^(?:local)?rule (\w+):", result.stdout, re.M)
    assert started == []


def test_a_change_of_windows_does_not_read_a_bam_again(finished: Path) -> None:
    path = finished / "config.yaml"
    before = path.read_text()
    try:
        change_config(finished, lambda c: c["windows"]["states"].update(width=1501))
        result = run_snakemake(finished, "--dry-run")
    finally:
        path.write_text(before)
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", result.stdout, re.M))
    assert {"windows", "train"} <= set(jobs)
    assert not {"fragments", "tracks_ATAC_paired", "quality"} & set(jobs)
