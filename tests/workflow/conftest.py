"""A slice of the yeast data, cut at test time, a simulated experiment, and runs on both."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pysam
import pytest
import yaml

from browser_tools import PROGRAMS, Page, browser
from helpers import ROOT, need_program
from simulation_tools import lay_out
from workflow_tools import run_snakemake

CHROMOSOMES = ("chrI", "chrIII", "chrVI", "chrM")
BAMS = {
    "atac_1": "atac_SRR1822137_pr1.bam",
    "atac_2": "atac_SRR1822137_pr2.bam",
    "mnase": "mnase_henikoff2011.bam",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.workflow)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Start a browser for the pages of one file of tests."""
    for program in PROGRAMS:
        need_program(program)
    with browser() as page:
        yield page


def _cut_bam(source: Path, target: Path, sizes: dict[str, int]) -> None:
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": size} for name, size in sizes.items()],
    }
    with (
        pysam.AlignmentFile(source) as bam,
        pysam.AlignmentFile(target, "wb", header=header) as out,
    ):
        for chrom in sizes:
            for read in bam.fetch(chrom):
                fields = read.to_dict()
                out.write(pysam.AlignedSegment.from_dict(fields, out.header))
    pysam.index(str(target))


def _cut_text(source: Path, target: Path, header: bool = False) -> None:
    lines = source.read_text().splitlines(keepends=True)
    kept = [line for line in lines[header:] if line.split("\t")[0] in CHROMOSOMES]
    target.write_text("".join([*lines[:header], *kept]))


def _write_other_labels(folder: Path) -> None:
    """Write a second replicate, in which every sixth segment has another state, and a truth.

    The truth knows nothing of every tenth segment.
    """
    lines = [line.split("\t") for line in (folder / "states.bed").read_text().splitlines()]
    (folder / "truth.bed").write_text(
        "".join("\t".join(line) + "\n" for n, line in enumerate(lines) if n % 10)
    )
    for line in lines[::6]:
        line[3] = "Intergenic" if line[3] != "Intergenic" else "Terminator"
    (folder / "states_b.bed").write_text("".join("\t".join(line) + "\n" for line in lines))


@pytest.fixture(scope="session")
def yeast_slice(yeast: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with BAMs, genome, labels and sheets of four chromosomes; two cell types."""
    folder = tmp_path_factory.mktemp("slice")
    with pysam.FastaFile(str(yeast / "genome/sacCer3.fa.gz")) as fasta:
        sizes = {name: fasta.get_reference_length(name) for name in CHROMOSOMES}
        text = "".join(f">{name}\n{fasta.fetch(name)}\n" for name in CHROMOSOMES)
    (folder / "genome.fa").write_text(text)
    for name, bam in BAMS.items():
        _cut_bam(yeast / bam, folder / f"{name}.bam", sizes)
    (folder / "mnase.bam.bai").unlink()  # the workflow makes one elsewhere
    _cut_text(yeast / "genome/blacklist.bed", folder / "blacklist.bed")
    _cut_text(yeast / "labels/regulatory_states.bed", folder / "states.bed")
    _cut_text(yeast / "labels/genes_promoters.tsv", folder / "genes.tsv", header=True)
    _cut_text(yeast / "labels/rossi2021_chexmix_peaks.bed", folder / "peaks.bed")
    shutil.copy(yeast / "motifs/macisaac_yeast.v1.meme", folder / "motifs.meme")
    (folder / "samples.tsv").write_text(
        "sample\tcell_type\tassay\treplicate\tpath\n"
        "atac_1\t293\tATAC\t1\tatac_1.bam\n"
        "mnase\t293\tMNase\t1\tmnase.bam\n"
        "atac_2\ttwo\tATAC\t1\tatac_2.bam\n"
    )
    _write_other_labels(folder)
    (folder / "labels.tsv").write_text(
        "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"
        "293\tstate\tsegmentation\t1\tstates.bed\t\n"
        "293\tstate\tsegmentation\tb\tstates_b.bed\t\n"
        "293\tstate\tsegmentation\ttruth\ttruth.bed\t\n"
        "two\tstate\tsegmentation\t\tstates.bed\t\n"
    )
    config = yaml.safe_load((ROOT / "config/yeast.yaml").read_text())
    config |= {
        "pathvars": {"results": "results", "logs": "results/logs", "benchmarks": "results/bench"},
        "samples": "samples.tsv",
        "labels": "labels.tsv",
        "genome": {"fasta": "genome.fa", "blacklist": "blacklist.bed", "exclude": ["chrM"]},
        "training": {"epochs": 6, "batch_size": 32, "threads": 1},
        "evaluation": {"draws": 100},
        "interpret": {"windows": 10},
    }
    config["quality"]["deeptools"] = False  # one test makes one picture of each kind
    for site in config["sites"].values():
        site["path"] = "peaks.bed" if "name" in site else "genes.tsv"
    config["sites"]["motif"] = {"title": "Reb1 motif", "path": "motifs.meme", "motif": "REB1"}
    config["vplots"] |= {"sites": ["tss", "abf1", "motif"], "images": ["reb1", "state.terminator"]}
    config["motifs"] = {
        "models": ["chrompute"], "classes": {"state": ["promoter_tf"]}, "known": "motifs.meme",
        "cell_types": ["293"], "windows": 40, "references": 2,
    }  # fmt: skip
    config["predictions"] = {"chrompute": {"step": 200, "regions": ["chrIII:1-20,000"]}}
    # The slice has labels of the states alone.
    config["tasks"] = {"state": config["tasks"]["state"]}
    config["windows"] = {"states": config["windows"]["states"]}
    names = ("majority", "forest", "forest_vplot", "vplot", "chrompute")
    config["models"] = {name: config["models"][name] for name in names}
    config["windows"]["states"]["split"] = {"valid": ["chrVI"], "test": ["chrIII"]}
    config["windows"]["states"]["width"] = 1001  # every substitution of one is predicted
    tiny = {"position_bin": 24, "channels": 16, "blocks": 2}
    config["models"]["vplot"]["network"] = tiny
    config["models"]["chrompute"]["network"] = tiny | {"motifs": 16}
    # Trained on one cell type, scored on both: the second has no MNase sample. A cell line may
    # well be called 293, which must stay a name everywhere.
    config["models"]["chrompute"]["train_on"] = ["293"]
    config["models"]["forest"]["forest"] = {"trees": 50}
    control = {"title": "forest of shuffled labels", "permute": ["labels"]}
    config["models"]["shuffled"] = config["models"]["forest"] | control
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


@pytest.fixture(scope="session")
def finished(yeast_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run on the slice."""
    folder = tmp_path_factory.mktemp("run") / "work"
    shutil.copytree(yeast_slice, folder)
    result = run_snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:]
    return folder


@pytest.fixture
def fresh(yeast_slice: Path, tmp_path: Path) -> Path:
    """A copy of the slice in which nothing has run yet."""
    return Path(shutil.copytree(yeast_slice, tmp_path / "work"))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run of the tiny configuration."""
    folder = lay_out(tmp_path_factory.mktemp("simulated") / "work")
    result = run_snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:]
    return folder


@pytest.fixture
def unsimulated(tmp_path: Path) -> Path:
    """A folder with the tiny configuration in which nothing has run yet."""
    return lay_out(tmp_path / "work")
