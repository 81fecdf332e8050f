"""Every kind of input through the assay half, with neither labels nor models."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyBigWig
import pysam
import pytest

from workflow_tools import change_config, keep_assays_only, run_snakemake, serve

SHEET = """\
sample\tcell_type\tassay\tpath\tshift\tdedup\tlayout\tfragment_length\tbarcodes\tsha256
bam\tone\tATAC\tatac_1.bam\t\tno\t\t\t\t
cram\tone\tATAC\tatac_1.cram\t\tno\t\t\t\t
fetched\tone\tATAC\t{url}\t\tno\t\t\t\t{digest}
all_cells\tone\tATAC\tfragments.tsv.gz\t\t\t\t\t\t
cells_b\tB\tATAC\tfragments.tsv.gz\t\t\t\t\tcells.tsv\t
cells_t\tT\tATAC\tfragments.tsv.gz\t\t\t\t\tcells.tsv\t
bedpe\tone\tMNase\tmnase.bedpe\t\t\t\t\t\t
reads\tsingle\tATAC\tsingle.bam\tnone\tno\tsingle\t\t\t
dyads\tsingle\tMNase\tsingle_mnase.bam\t\t\tsingle\t150\t\t
"""


def pairs_of(path: Path) -> list[tuple[str, int, int]]:
    with pysam.AlignmentFile(path, require_index=False) as bam:
        return [
            (r.reference_name, r.reference_start, r.reference_start + r.template_length)
            for r in bam
            if r.template_length > 0
        ]


def write_inputs(folder: Path) -> None:
    pairs = pairs_of(folder / "atac_1.bam")
    lines = [f"{c}\t{s + 4}\t{e - 5}\tcell{n % 3}\t1" for n, (c, s, e) in enumerate(pairs)]
    with gzip.open(folder / "fragments.tsv.gz", "wt") as handle:
        handle.write("# id=made\n" + "\n".join(lines) + "\n")
    (folder / "cells.tsv").write_text("barcode\tcell_type\ncell0\tB\ncell1\tT\n")
    lines = [
        f"{c}\t{s}\t{s + 25}\t{c}\t{e - 25}\t{e}\tn\t255\t+\t-"
        for c, s, e in pairs_of(folder / "mnase.bam")
    ]
    (folder / "mnase.bedpe").write_text("\n".join(lines) + "\n")
    with pysam.AlignmentFile(folder / "mnase.bam", require_index=False) as bam:
        header, reads = bam.header, [*bam]
    with pysam.AlignmentFile(folder / "single.bam", "wb", header=header) as out:
        for read in reads:
            if not read.is_read2:
                read.flag &= 0x10
                read.next_reference_id = read.next_reference_start = -1
                read.template_length = 0
                out.write(read)
    shutil.copy(folder / "single.bam", folder / "single_mnase.bam")
    with (
        pysam.AlignmentFile(folder / "atac_1.bam", require_index=False) as bam,
        pysam.AlignmentFile(
            folder / "atac_1.cram", "wc", template=bam, reference_filename=str(folder / "genome.fa")
        ) as out,
    ):
        for read in bam:
            read.set_tag("RG", None)  # the slice's header does not name it
            out.write(read)


@pytest.fixture(scope="module")
def address(yeast_slice: Path) -> Iterator[str]:
    """Where a server of the slice on this machine gives a BAM."""
    with serve(yeast_slice) as folder:
        yield f"{folder}/atac_1.bam"


@pytest.fixture(scope="module")
def assays(yeast_slice: Path, address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run on all kinds of input."""
    folder = tmp_path_factory.mktemp("inputs") / "work"
    folder.mkdir()
    for path in yeast_slice.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    write_inputs(folder)
    digest = hashlib.sha256((folder / "atac_1.bam").read_bytes()).hexdigest()
    (folder / "samples.tsv").write_text(SHEET.format(url=address, digest=digest))

    change_config(folder, keep_assays_only)
    result = run_snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:]
    (folder / "output.txt").write_text(result.stdout)
    return folder


def facts(folder: Path, sample: str) -> dict:
    return json.loads((folder / f"results/fragments/{sample}.json").read_text())


@pytest.mark.parametrize("sample", ["cram", "fetched"])
def test_the_same_reads_give_the_same_store(assays: Path, sample: str) -> None:
    stores = [pd.read_parquet(assays / f"results/fragments/{s}.parquet") for s in ("bam", sample)]
    assert stores[0].equals(stores[1])
    assert facts(assays, sample)["counts"] == facts(assays, "bam")["counts"]


def test_fragment_files_give_the_fragments_of_the_bam(assays: Path) -> None:
    stores = {
        s: pd.read_parquet(assays / f"results/fragments/{s}.parquet")
        for s in ("bam", "all_cells", "cells_b", "cells_t")
    }
    # Limits of length act on what stands in the file, which is 9 bp shorter there.
    long_enough = stores["bam"][stores["bam"]["length"] >= 20 + 1]
    assert stores["all_cells"].equals(long_enough.reset_index(drop=True))
    counts = {s: facts(assays, s)["counts"] for s in ("all_cells", "cells_b", "cells_t")}
    for own in counts.values():
        others = sum(n for name, n in own.items() if name not in ("reads", "fragments"))
        assert own["reads"] == others
    third = counts["all_cells"]["reads"] / 3
    own = counts["cells_b"]
    assert own["reads"] - own["other_barcode"] == pytest.approx(third, abs=1)
    assert len(stores["cells_b"]) + len(stores["cells_t"]) < len(stores["bam"])
    assert facts(assays, "all_cells")["shift_estimate"]["found"] == "+4/-5"
    assert facts(assays, "all_cells")["shift_estimate"]["agrees"] is True


def test_bedpe_gives_the_pairs(assays: Path) -> None:
    store = pd.read_parquet(assays / "results/fragments/bedpe.parquet")
    counts = facts(assays, "bedpe")["counts"]
    pairs = [p for p in pairs_of(assays / "mnase.bam") if p[0] != "chrM" and p[2] - p[1] >= 20]
    assert len(store) == len(pairs) - counts["blacklist"]


def test_single_end_reads_have_one_cut_and_no_vplot(assays: Path) -> None:
    store = pd.read_parquet(assays / "results/fragments/reads.parquet")
    assert set(store["strand"]) == {-1, 1}
    with pyBigWig.open(str(assays / "results/tracks/reads.cuts.bw")) as cuts:
        names = ("chrI", "chrIII", "chrVI")
        assert sum(cuts.stats(c, type="sum", exact=True)[0] for c in names) == len(store)
    assert not (assays / "results/tracks/reads.nucleosome_free.bw").exists()
    assert not list((assays / "results/vplots").glob("single/*"))
    report = (assays / "results/reports/single.html").read_text()
    assert "needs a paired-end ATAC sample" in report
    result = run_snakemake(assays, "results/vplots/single/tss.npz")
    assert result.returncode != 0
    assert "no paired-end ATAC sample" in result.stdout


def test_single_end_mnase_is_extended_to_the_dyad(assays: Path) -> None:
    store = pd.read_parquet(assays / "results/fragments/dyads.parquet")
    assert set(store["length"]) == {150}
    assert facts(assays, "dyads")["extended_to"] == 150
    assert (assays / "results/nucleosomes/dyads.bed.gz").stat().st_size > 1000


def test_a_wrong_shift_is_told_loudly(assays: Path) -> None:
    """In the terminal, in the table of quality and in the report."""
    path = assays / "samples.tsv"
    before = path.read_text()
    try:
        path.write_text(before.replace("atac_1.bam\t\tno", "atac_1.bam\tnone\tno"))
        result = run_snakemake(assays, "results/reports/one.html", "results/quality/quality.tsv")
    finally:
        path.write_text(before)
    assert "WARNING: bam: The ends in the file are not shifted" in result.stdout
    assert "shift to +4/-4" in (assays / "results/reports/one.html").read_text()
    table = pd.read_csv(assays / "results/quality/quality.tsv", sep="\t").set_index("sample")
    assert table.loc["bam", "verdict_shift_agrees"] == "warn"
    assert "set the sample's shift to +4/-4" in table.loc["bam", "shift_reason"]
    assert table.loc["all_cells", "verdict_shift_agrees"] == "pass"


def test_reports_need_no_models(assays: Path) -> None:
    text = (assays / "results/reports/index.html").read_text()
    assert "best model" not in text
    assert all(f'href="{name}.html"' in text for name in ("one", "B", "T", "single"))
    assert "Models" not in (assays / "results/reports/one.html").read_text()
