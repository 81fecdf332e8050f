"""The genome's files: a FASTA or a table of sizes, addresses, mappability."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyBigWig
import pysam
import pytest

from chrompute.bigwig import bigwig_faults
from chrompute.check import check_inputs, input_paths, inspect_inputs
from chrompute.configuration import load_settings
from chrompute.downloads import Download
from chrompute.errors import InputError
from chrompute.findings import Findings
from chrompute.genome import genome_sizes, read_sizes
from chrompute.genome_faults import genome_faults
from helpers import ROOT, MakeBam, pair

SCHEMA = ROOT / "config/schemas/config.schema.json"
SIZES = {"chr1": 10_000, "chr2": 5_000}
URL = "https://example.org/genome.fa.gz"

Case = dict[str, Any]


@pytest.fixture
def case(tmp_path: Path, make_bam: MakeBam) -> Case:
    """Return a configuration of one sample whose genome is a table of sizes."""
    reads = [r for i in range(5) for r in pair(f"p{i}", "chr1", 100 * i, 100 * i + 200)]
    pysam.index(str(make_bam(reads + pair("q", "chr2", 300, 500), SIZES, "atac.bam")))
    (tmp_path / "g.sizes").write_text("".join(f"{n}\t{s}\n" for n, s in SIZES.items()))
    (tmp_path / "black.bed").write_text("chr1\t9000\t9100\n")
    (tmp_path / "samples.tsv").write_text(
        f"sample\tcell_type\tassay\tpath\na\tcells\tATAC\t{tmp_path}/atac.bam\n"
    )
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "pathvars": {"results": f"{tmp_path}/results"},
        "genome": {"sizes": f"{tmp_path}/g.sizes", "blacklist": f"{tmp_path}/black.bed"},
    }


def faults_of(case: Case) -> list[str]:
    return load_settings(case, SCHEMA)[1]


def inspected(case: Case) -> Findings:
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    return inspect_inputs(settings, None)


# Sizes in place of a FASTA


def test_sizes_do_for_a_genome(case: Case) -> None:
    found = inspected(case)
    assert found.faults == []
    assert found.sizes == SIZES
    assert any("there is no FASTA" in note for note in found.notes)


def test_a_bam_and_a_bed_are_compared_with_the_sizes(case: Case, tmp_path: Path) -> None:
    (tmp_path / "g.sizes").write_text("chr1\t9050\nchr2\t5000\n")
    faults = inspected(case).faults
    assert any("atac.bam: 1 chromosome(s) have another length" in fault for fault in faults)
    assert any("black.bed, line 1: end 9,100 lies beyond the end" in fault for fault in faults)


@pytest.mark.parametrize(
    ("genome", "words"),
    [
        ({}, "there is neither 'fasta' nor 'sizes'"),
        ({"fasta": "g.fa", "sizes": "g.sizes"}, "there is both 'fasta' and 'sizes'"),
        ({"sizes": "g.sizes", "sha256": "a" * 64}, "genome/sha256 is the digest of a FASTA"),
        ({"sizes": "https://example.org/x.sizes"}, "needed before anything is fetched"),
        ({"fasta": "http://example.org/g.fa"}, "genome/fasta: http://example.org/g.fa: over"),
        ({"fasta": "ftp://example.org/g.fa"}, "genome/fasta: ftp://example.org/g.fa: addresses"),
        ({"fasta": "g.fa", "sha256": "a"}, "genome/sha256"),
    ],
)
def test_faults_of_the_genome_are_told(case: Case, genome: Case, words: str) -> None:
    faults = faults_of(case | {"genome": genome})
    assert len(faults) == 1
    assert words in faults[0]


def test_what_needs_sequence_is_refused_without_a_fasta(case: Case) -> None:
    site = {"title": "m", "path": "m.meme", "motif": "REB1"}
    faults = faults_of(case | {"sites": {"m": site}})
    assert len(faults) == 1
    assert "sites/m: finding a motif needs sequence" in faults[0]


def test_models_that_need_sequence_are_refused() -> None:
    config = {
        "genome": {"fasta": None, "sizes": "g.sizes", "sha256": None},
        "models": {"net": {"inputs": ["vplot", "sequence"]}, "plain": {"inputs": ["vplot"]}},
        "sites": {},
    }
    faults = genome_faults(config)
    assert [fault.split(": ")[1] for fault in faults] == ["models/net"]
    assert all("needs sequence, and there is no genome/fasta" in fault for fault in faults)
    config["genome"] = {"fasta": "g.fa", "sizes": None, "sha256": None}
    assert genome_faults(config) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chr1 100\n", "line 1: must be 'chromosome<TAB>bp'"),
        ("chr1\tx\n", "line 1: must be"),
        ("# c\nchr1\t0\n", "line 2: must be"),
        ("chr1\t10\n\nchr1\t10\n", "line 3: chromosome 'chr1' is there twice"),
        ("# nothing\n", "names no chromosome"),
    ],
)
def test_faulty_sizes_are_told_with_their_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "g.sizes"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_sizes(path)
    assert str(path) in str(error.value)
    assert words in str(error.value)


def test_an_index_of_a_fasta_serves_as_sizes(tmp_path: Path) -> None:
    fasta = tmp_path / "g.fa"
    fasta.write_text(">b\nACGT\nAC\n>a\nNNN\n")
    pysam.faidx(str(fasta))
    assert genome_sizes([], [f"{fasta}.fai"]) == genome_sizes([fasta], []) == {"b": 6, "a": 3}


# Addresses


def test_addresses_are_replaced_by_the_places_of_their_files(case: Case, tmp_path: Path) -> None:
    results = f"{tmp_path}/results/inputs"
    bed = "https://example.org/b/black.bed.gz?x=1"
    digest = "0123456789ab" + "c" * 52
    case["genome"] = {"fasta": URL, "sha256": digest.upper(), "blacklist": bed}
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    own = hashlib.sha256(bed.encode()).hexdigest()[:12]
    fasta, blacklist = f"{results}/0123456789ab-genome.fa.gz", f"{results}/{own}-black.bed.gz"
    genome = settings.config["genome"]
    assert (genome["fasta"], genome["blacklist"]) == (fasta, blacklist)
    assert settings.downloads == {
        fasta: Download(URL, digest.upper()),
        blacklist: Download(bed, ""),
    }
    assert {fasta, blacklist} <= {*input_paths(settings)}


def test_a_remote_label_file_lies_where_it_is_fetched_to(case: Case, tmp_path: Path) -> None:
    url = "https://example.org/states.bed.gz"
    lines = ["cell_type\ttask\tkind\tpath\tsha256", f"cells\tstate\tsegmentation\t{url}\t"]
    (tmp_path / "labels.tsv").write_text("\n".join(lines) + "\n")
    case["labels"] = f"{tmp_path}/labels.tsv"
    classes = {"open": {"states": ["P"]}, "body": {"states": ["G"]}}
    case["tasks"] = {"state": {"kind": "segmentation", "classes": classes}}
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    name = hashlib.sha256(url.encode()).hexdigest()[:12] + "-states.bed.gz"
    assert [label.path for label in settings.labels] == [f"{tmp_path}/results/inputs/{name}"]
    (tmp_path / "labels.tsv").write_text("\n".join(lines) + "abc\n")
    assert "64 hexadecimal digits" in faults_of(case)[0]


def test_fetched_files_are_looked_at_once_they_are_there(case: Case, tmp_path: Path) -> None:
    case["genome"]["fasta"] = URL
    del case["genome"]["sizes"]
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    assert inspect_inputs(settings, None).faults == []
    missing = inspect_inputs(settings, None, fetched=True).faults
    assert len(missing) == 1
    assert "there is no such file" in missing[0]
    place = Path(settings.config["genome"]["fasta"])
    place.parent.mkdir(parents=True)
    # Too short for the BAM: told by the job, and before the next run.
    place.write_text(">chr1\n" + "ACGT" * 2000 + "\n>chr2\n" + "ACGT" * 1250 + "\n")
    for fetched in (True, False):
        faults = inspect_inputs(settings, None, fetched=fetched).faults
        assert any("chr1 10,000 against 8,000" in fault for fault in faults)
    place.write_text(">chr1\n" + "ACGT" * 2500 + "\n>chr2\n" + "ACGT" * 1250 + "\n")
    check_inputs(settings, tmp_path / "check", fetched=True)
    content = json.loads((tmp_path / "check/fetched.json").read_text())
    assert content["chromosomes"] == SIZES


def test_a_fetched_file_that_changed_is_told_before_the_next_run(case: Case) -> None:
    case["genome"]["fasta"] = URL
    del case["genome"]["sizes"]
    settings, _ = load_settings(case, SCHEMA)
    place = Path(settings.config["genome"]["fasta"])
    place.parent.mkdir(parents=True)
    place.write_text(">chr1\n" + "ACGT" * 2500 + "\n>chr2\n" + "ACGT" * 1250 + "\n")
    now = hashlib.sha256(place.read_bytes()).hexdigest()
    place.with_name(f"{place.name}.sha256").write_text(f"{'e' * 64}  {place.name}\n")
    faults = inspect_inputs(settings, None).faults
    assert len(faults) == 1
    assert now in faults[0]
    assert "e" * 64 in faults[0]
    assert "remove the file to fetch it again" in faults[0]


def test_the_digest_of_a_fasta_on_disk_is_compared(case: Case, tmp_path: Path) -> None:
    fasta = tmp_path / "g.fa"
    fasta.write_text(">chr1\n" + "ACGT" * 2500 + "\n>chr2\n" + "ACGT" * 1250 + "\n")
    digest = hashlib.sha256(fasta.read_bytes()).hexdigest()
    case["genome"] = {"fasta": str(fasta), "sha256": digest}
    assert inspected(case).faults == []
    case["genome"]["sha256"] = "a" * 64
    assert any(f"g.fa: sha256 is {digest}, and {'a' * 64}" in f for f in inspected(case).faults)


# Mappability


def write_bigwig(path: Path, values: list[float], sizes: dict[str, int] = SIZES) -> str:
    with pyBigWig.open(str(path), "w") as handle:
        handle.addHeader(list(sizes.items()))
        if values:
            starts = [10 * n for n in range(len(values))]
            chroms = [next(iter(sizes))] * len(values)
            handle.addEntries(chroms, starts, ends=[s + 10 for s in starts], values=values)
    return str(path)


@pytest.mark.parametrize(
    ("values", "sizes", "words"),
    [
        ([0.0, 0.5, 1.0], SIZES, None),
        ([0.5], {"chr1": 10_000}, None),
        ([0.5, 1.5], SIZES, "values go from 0.5 to 1.5, and must lie between 0 and 1"),
        ([-0.5, 0.5], SIZES, "values go from -0.5 to 0.5"),
        ([0.5, float("nan")], SIZES, "values that are no numbers"),
        ([float("nan"), 0.5], SIZES, "values that are no numbers"),
        ([0.5, float("inf")], SIZES, "values that are no numbers"),
        ([], SIZES, "holds no value"),
        (
            [0.5],
            {"1": 10_000},
            "has none of the genome's chromosomes (there 1; genome chr1, chr2)",
        ),
        (
            [0.5],
            {"chr1": 10_000, "chr2": 4_000},
            "chr2 has 4,000 bp there and 5,000 bp in the genome",
        ),
    ],
)
def test_mappability_is_checked(
    case: Case, tmp_path: Path, values: list[float], sizes: dict[str, int], words: str | None
) -> None:
    path = write_bigwig(tmp_path / "m.bw", values, sizes)
    case["genome"]["mappability"] = path
    faults = inspected(case).faults
    assert [words is not None and words in fault and path in fault for fault in faults] == (
        [] if words is None else [True]
    )


@pytest.mark.parametrize("content", [b"chr1\t0\t10\t0.5\n", b""])
def test_a_text_is_no_bigwig(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.bw"
    path.write_bytes(content)
    faults = bigwig_faults(path, SIZES)
    assert len(faults) == 1
    assert "m.bw: is no bigWig, or is damaged" in faults[0]


def test_a_signal_may_have_any_numbers(tmp_path: Path) -> None:
    assert bigwig_faults(write_bigwig(tmp_path / "m.bw", [-3.0, 2000.0]), SIZES) == []
