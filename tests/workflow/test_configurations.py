"""The shipped configurations of real data: human by a dry run, worm against a count by hand."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml

from helpers import DATA, ROOT
from workflow_tools import run_snakemake

PROMOTERS = ("fwd-promoter", "rev-promoter", "bidirect-promoter", "unassigned_promoter")
TISSUES = {"germline": ("Germline", "Ubiq."), "neurons": ("Neurons", "Ubiq.")}
SPLITS = {"chrI": "train", "chrII": "valid", "chrIII": "test"}


def lay_out(name: str, folder: Path) -> Path:
    """Copy a shipped configuration and its sheets, data being where they are."""
    shutil.copytree(ROOT / "config" / name, folder / "config" / name)
    for path in (folder / "config" / name).iterdir():
        path.write_text(path.read_text().replace("../shared/data", str(DATA)))
    text = (ROOT / f"config/{name}.yaml").read_text().replace("../shared/data", str(DATA))
    (folder / "config.yaml").write_text(text)
    return folder


def test_the_human_configuration_plans_its_jobs_without_the_network(tmp_path: Path) -> None:
    result = run_snakemake(lay_out("gm12878", tmp_path), "--dry-run")
    assert result.returncode == 0, result.stdout[-3000:]
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", result.stdout, re.M))
    # Two ATAC files, one of MNase, labels, genome, blacklist, mappability and genes.
    assert jobs["fetch"] == "8"
    assert jobs["check_fetched"] == "1"
    assert jobs["fragments"] == "3"
    assert (jobs["windows"], jobs["baseline"], jobs["train"]) == ("1", "2", "2")
    assert not list(tmp_path.rglob("inputs"))


def test_every_human_file_is_of_the_stated_assembly() -> None:
    """Addresses of genome files name hg19; no other assembly is named in any of them."""
    text = (ROOT / "config/gm12878.yaml").read_text()
    sheets = [(ROOT / f"config/gm12878/{n}.tsv").read_text() for n in ("samples", "labels")]
    assert yaml.safe_load(text)["genome"]["assembly"] == "hg19"
    addresses = re.findall(r"https://\S+", "\n".join([text, *sheets]))
    assert len(addresses) == 8
    assert not [url for url in addresses if re.search("hg38|GRCh38|hg18|mm10", url)]


@pytest.fixture(scope="module")
def worm_windows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    if not (DATA / "worm").is_dir():
        pytest.skip(f"the worm data set is not in {DATA}")
    folder = lay_out("worm", tmp_path_factory.mktemp("worm"))
    target = "results/worm/windows/elements.parquet"
    result = run_snakemake(folder, target)
    assert result.returncode == 0, result.stdout[-3000:]
    return pd.read_parquet(folder / target)


def class_of(name: str) -> str:
    if name in PROMOTERS:
        return "promoter"
    return "enhancer" if name == "putative_enhancer" else "other"


def count_by_hand() -> Counter[tuple[str, str, str]]:
    """Count the elements of each tissue, split and class, without those of an unclear centre."""
    lines = (DATA / "worm/labels/regulatory_elements.bed").read_text().splitlines()
    rows = [line.split("\t") for line in lines]
    counts: Counter[tuple[str, str, str]] = Counter()
    for tissue, texts in TISSUES.items():
        own = [(r[0], int(r[1]), int(r[2]), class_of(r[3])) for r in rows if r[6] in texts]
        for chrom, start, end, name in own:
            centre = (start + end) // 2
            there = {n for c, s, e, n in own if c == chrom and s <= centre < e}
            if there == {name}:
                counts[tissue, SPLITS[chrom], name] += 1
    return counts


def test_worm_windows_are_the_elements_of_each_tissue(worm_windows: pd.DataFrame) -> None:
    known = worm_windows.dropna(subset=["element"])
    columns = ["cell_type", "split", "element"]
    found = Counter(map(tuple, known[columns].astype(str).to_numpy().tolist()))
    assert found == count_by_hand()
    assert {c for c, _, _ in found} == {*TISSUES}
    assert found["neurons", "test", "promoter"] > 400


def test_worm_chromosomes_keep_to_one_split(worm_windows: pd.DataFrame) -> None:
    pairs = worm_windows[["chrom", "split"]].astype(str).drop_duplicates()
    assert dict(pairs.to_numpy().tolist()) == SPLITS
    assert len(pairs) == len(SPLITS)
    assert "gc" not in worm_windows or worm_windows["gc"].isna().all()
    assert "identical" not in worm_windows
