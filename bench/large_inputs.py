"""Write large inputs and their configuration, to see how jobs grow with them.

    python bench/large_inputs.py FOLDER [PAIRS]
    snakemake --cores 2 --configfile FOLDER/config.yaml
    python docs/make_scaling.py .snakemake/log/NAME.snakemake.log

Three samples of one cell type, by default 5 million pairs each, lie on three chromosomes of
GRCh38 (162 Mb): as dense as 95 million pairs on all of them. States are segments of 500 bp, one
in 20 kb; a forest and a network learn them. Everything else of the configuration is that of
config/tiny.yaml.
"""

import sys
from pathlib import Path

import numpy as np
import yaml
from make_bam import SIZES, make_bam

ROOT = Path(__file__).resolve().parent.parent
CHROMOSOMES = {name: SIZES[name] for name in ("chr20", "chr21", "chr22")}
SAMPLES = {"atac_1": "ATAC", "atac_2": "ATAC", "mnase_1": "MNase"}
STATES = ("insulator", "active_promoter", "poised_promoter", "strong_enhancer")
SPACING = 20_000


def write_genome(path: Path) -> None:
    """Write bases drawn at random."""
    draw = np.random.default_rng(1)
    bases = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as out:
        for name, size in CHROMOSOMES.items():
            drawn = draw.choice(bases, size)
            lines = [drawn[start : start + 100].tobytes() for start in range(0, size, 100)]
            out.write(b">%s\n%s\n" % (name.encode(), b"\n".join(lines)))


def write_places(folder: Path) -> None:
    """Write the states, and every second of them as a site."""
    starts = [(name, n) for name, size in CHROMOSOMES.items() for n in range(0, size, SPACING)]
    states = [f"{c}\t{n}\t{n + 500}\t{STATES[i % 4]}\n" for i, (c, n) in enumerate(starts)]
    sites = [f"{c}\t{n}\t{n + 1}\t.\t0\t+\n" for c, n in starts[1::2]]
    (folder / "states.bed").write_text("".join(states))
    (folder / "sites.bed").write_text("".join(sites))


def write_sheets(folder: Path) -> None:
    """Write the sheets of samples and labels."""
    lines = [f"{s}\tcells\t{a}\t{folder / s}.bam\n" for s, a in SAMPLES.items()]
    (folder / "samples.tsv").write_text("sample\tcell_type\tassay\tpath\n" + "".join(lines))
    (folder / "labels.tsv").write_text(
        f"cell_type\ttask\tkind\tpath\ncells\tstate\tsegmentation\t{folder / 'states.bed'}\n"
    )


def write_config(folder: Path) -> None:
    """Write the configuration."""
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    del config["simulation"]
    results = folder / "results"
    config |= {
        "pathvars": {
            "results": str(results),
            "logs": str(results / "logs"),
            "benchmarks": str(results / "benchmarks"),
        },
        "samples": str(folder / "samples.tsv"),
        "labels": str(folder / "labels.tsv"),
        "genome": {"fasta": str(folder / "genome.fa")},
        "sites": {"tss": {"title": "TSS", "path": str(folder / "sites.bed")}},
        "tasks": {"state": config["tasks"]["state"]},
        "models": {name: config["models"][name] for name in ("forest", "chrompute")},
        "windows": {
            "states": config["windows"]["states"]
            | {"tasks": ["state"], "split": {"valid": ["chr21"], "test": ["chr22"]}}
        },
    }
    config["models"]["chrompute"]["seeds"] = [1]
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def main(folder: str, pairs: str = "5_000_000") -> None:
    """Write everything."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    write_genome(place / "genome.fa")
    write_places(place)
    write_sheets(place)
    write_config(place)
    for seed, sample in enumerate(SAMPLES, start=1):
        make_bam(int(pairs), place / f"{sample}.bam", CHROMOSOMES, seed)


if __name__ == "__main__":
    main(*sys.argv[1:3])
