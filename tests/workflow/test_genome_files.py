"""A genome without FASTA, and one that is fetched."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pysam
import pytest

from workflow_tools import change_config, keep_assays_only, run_snakemake, serve

STORE = "results/fragments/atac_1.parquet"


def download_name(url: str) -> str:
    """Return how a fetched file of unknown digest is called."""
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{url.rpartition('/')[2]}"


def lay_out(source: Path, folder: Path, genome: dict[str, Any]) -> Path:
    """Copy the slice with one ATAC sample, no labels and another genome."""
    shutil.copytree(source, folder)
    lines = (folder / "samples.tsv").read_text().splitlines(keepends=True)
    (folder / "samples.tsv").write_text("".join(lines[:2]))
    with pysam.FastaFile(str(folder / "genome.fa")) as fasta:
        sizes = zip(fasta.references, fasta.lengths, strict=True)
        (folder / "genome.sizes").write_text("".join(f"{n}\t{size}\n" for n, size in sizes))
    (folder / "genome.fa.fai").unlink()

    def change(config: dict[str, Any]) -> None:
        keep_assays_only(config)
        config["genome"] = {"exclude": ["chrM"]} | genome

    change_config(folder, change)
    return folder


@pytest.fixture(scope="module")
def address(yeast_slice: Path) -> Iterator[str]:
    with serve(yeast_slice) as folder:
        yield folder


@pytest.fixture(scope="module")
def no_fasta(yeast_slice: Path, address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run with sizes in place of a FASTA, and a blacklist that is fetched."""
    genome = {"sizes": "genome.sizes", "blacklist": f"{address}/blacklist.bed"}
    folder = lay_out(yeast_slice, tmp_path_factory.mktemp("sizes") / "work", genome)
    (folder / "genome.fa").unlink()
    result = run_snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:]
    return folder


def test_assays_need_no_fasta(no_fasta: Path) -> None:
    quality = json.loads((no_fasta / "results/quality/atac_1.json").read_text())
    assert quality["fragments"] > 1000
    assert quality["tss_enrichment"] > 1
    assert [quality[name] for name in ("gc_fraction", "motif", "motif_shift")] == [None] * 3
    figures = {p.name for p in (no_fasta / "results/quality").glob("293.*.png")}
    assert {"293.tss.png", "293.lengths.png"} <= figures
    assert not {"293.motif.png", "293.gc.png"} & figures
    report = (no_fasta / "results/reports/293.html").read_text()
    assert "There is no FASTA" in report
    assert "GC of fragments" not in report
    notes = json.loads((no_fasta / "results/check/inputs.json").read_text())["notes"]
    assert any("there is no FASTA" in note for note in notes)


def test_the_first_download_is_written_down(no_fasta: Path, address: str) -> None:
    url = f"{address}/blacklist.bed"
    place = f"results/inputs/{download_name(url)}"
    digest = hashlib.sha256((no_fasta / "blacklist.bed").read_bytes()).hexdigest()
    record = (no_fasta / f"{place}.sha256").read_text()
    assert record == f"{digest}  {download_name(url)}\n"
    provenance = json.loads((no_fasta / "results/provenance.json").read_text())
    assert provenance["inputs"][place] == digest
    assert provenance["addresses"] == {place: url}
    log = (no_fasta / f"results/logs/fetch/{download_name(url)}.log").read_text()
    assert f"sha256 of this first download is {digest}" in log
    again = run_snakemake(no_fasta)
    assert "Nothing to be done" in again.stdout


def test_a_fetched_file_that_changed_stops_the_next_run(no_fasta: Path, address: str) -> None:
    place = no_fasta / f"results/inputs/{download_name(f'{address}/blacklist.bed')}"
    before = place.read_bytes()
    try:
        place.write_bytes(before + b"chrI\t1\t2\n")
        result = run_snakemake(no_fasta, "--forcerun", "chrom_sizes", "--until", "chrom_sizes")
    finally:
        place.write_bytes(before)
    assert result.returncode != 0
    for text in (before, before + b"chrI\t1\t2\n"):
        assert hashlib.sha256(text).hexdigest() in result.stdout
    assert "remove the file to fetch it again" in result.stdout


def test_a_fetched_genome_gives_the_same_fragments(
    yeast_slice: Path, address: str, no_fasta: Path, tmp_path: Path
) -> None:
    genome = {"fasta": f"{address}/genome.fa", "blacklist": "blacklist.bed"}
    folder = lay_out(yeast_slice, tmp_path / "work", genome)
    (folder / "genome.fa").unlink()
    result = run_snakemake(folder, STORE)
    assert result.returncode == 0, result.stdout[-5000:]
    started = re.findall(r"^(?:local)?rule (\w+):", result.stdout, re.M)
    assert sorted(started) == ["check_fetched", "chrom_sizes", "fetch", "fragments"]
    checked = json.loads((folder / "results/check/fetched.json").read_text())
    assert list(checked["chromosomes"]) == ["chrI", "chrIII", "chrVI", "chrM"]
    stores = [pd.read_parquet(run / STORE) for run in (folder, no_fasta)]
    assert stores[0].equals(stores[1])


def test_a_fetched_genome_that_is_not_the_bams_stops_the_run(
    yeast_slice: Path, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    text = (yeast_slice / "genome.fa").read_text()
    (served / "genome.fa").write_text(text.replace(">chrI\n", ">chrI\nA", 1))
    with serve(served) as address:
        folder = lay_out(yeast_slice, tmp_path / "work", {"fasta": f"{address}/genome.fa"})
        result = run_snakemake(folder, STORE)
    assert result.returncode != 0
    assert "chrI 230,218 against 230,219" in result.stdout
    assert "Traceback" not in result.stdout
    assert not (folder / STORE).exists()
