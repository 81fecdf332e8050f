"""How long Snakemake thinks about a large sheet before it starts: time and memory of a dry run.

    python bench/dryrun.py [SAMPLES CELL_TYPES]

By default 500 samples in 50 cell types and six models; three of five samples are ATAC. The inputs
are small files made here, which the check reads as it would read others. The least of three runs
is printed.
"""

import random
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pysam
import yaml

ROOT = Path(__file__).resolve().parent.parent
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
RUNS = 3
SIZES = {f"chr{number}": 20_000 for number in range(1, 5)}
STATES = ("insulator", "active_promoter", "poised_promoter", "strong_enhancer")


def write_inputs(folder: Path) -> None:
    """Write a genome, the states of its parts, and pairs of reads that lie on it."""
    draw = random.Random(1)
    text = (f">{name}\n{''.join(draw.choices('ACGT', k=n))}\n" for name, n in SIZES.items())
    (folder / "genome.fa").write_text("".join(text))
    lines = [
        f"{chrom}\t{start}\t{start + 500}\t{STATES[(start // 500) % len(STATES)]}\n"
        for chrom, size in SIZES.items()
        for start in range(0, size, 500)
    ]
    (folder / "states.bed").write_text("".join(lines))
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": size} for name, size in SIZES.items()],
    }
    with pysam.AlignmentFile(folder / "reads.bam", "wb", header=header) as out:
        for chrom in range(len(SIZES)):
            places = sorted(draw.randrange(100, 19_000) for _ in range(50))
            ends = [(p, 99, p + 110, n) for n, p in enumerate(places)]
            ends += [(p + 110, 147, p, n) for n, p in enumerate(places)]
            for start, flag, mate, number in sorted(ends):
                read = pysam.AlignedSegment(out.header)
                read.query_name, read.flag = f"{chrom}.{number}", flag
                read.reference_id = read.next_reference_id = chrom
                read.reference_start, read.next_reference_start = start, mate
                read.template_length = 160 if flag == 99 else -160
                read.mapping_quality, read.cigarstring = 60, "50M"
                read.query_sequence = "A" * 50
                out.write(read)
    pysam.index(str(folder / "reads.bam"))


def lay_out(folder: Path, samples: int, cell_types: int) -> None:
    """Write sheets and a configuration with six models."""
    write_inputs(folder)
    lines = ["sample\tcell_type\tassay\treplicate\tpath"]
    for number in range(samples):
        cell_type, own = number % cell_types, number // cell_types
        assay = "ATAC" if own % 5 < 3 else "MNase"
        lines.append(f"s{number}\tcell{cell_type}\t{assay}\t{own + 1}\ts{number}.bam")
        for end in ("bam", "bam.bai"):
            shutil.copy(folder / f"reads.{end}", folder / f"s{number}.{end}")
    (folder / "samples.tsv").write_text("\n".join(lines) + "\n")
    labels = ["cell_type\ttask\tkind\treplicate\tpath"]
    for cell_type in range(cell_types):
        for replicate in (1, 2):
            path = f"cell{cell_type}.{replicate}.bed"
            shutil.copy(folder / "states.bed", folder / path)
            labels.append(f"cell{cell_type}\tstate\tsegmentation\t{replicate}\t{path}")
    (folder / "labels.tsv").write_text("\n".join(labels) + "\n")
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    del config["simulation"], config["sites"], config["tracks"]
    config |= {
        "pathvars": {name: f"results/{name}" for name in ("results", "logs", "benchmarks")},
        "samples": "samples.tsv",
        "labels": "labels.tsv",
        "genome": {"fasta": "genome.fa"},
        "tasks": {"state": config["tasks"]["state"]},
        "vplots": {},
        "nucleosomes": {},
        "quality": {},
    }
    config["windows"] = {"states": config["windows"]["states"] | {"tasks": ["state"]}}
    chosen = ("majority", "forest", "place", "logistic", "boosting", "chrompute")
    config["models"] = {name: config["models"][name] for name in chosen}
    for model in config["models"].values():
        model.pop("tasks", None)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def dry_run(folder: Path) -> tuple[float, float, str]:
    """Return CPU seconds and peak megabytes of a dry run, and what it printed."""
    command = [
        str(SNAKEMAKE), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder),
        "--configfile", str(folder / "config.yaml"), "--cores", "2", "-n", "--quiet", "rules",
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if told.returncode:
        raise SystemExit(told.stdout[-3000:] + told.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, after.ru_maxrss / 1024, told.stdout


def main(samples: int = 500, cell_types: int = 50) -> None:
    """Measure, and print one row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, samples, cell_types)
        runs = [dry_run(folder) for _ in range(RUNS)]
    jobs = next(line.split()[1] for line in runs[0][2].splitlines() if line.startswith("total"))
    print("| samples | cell types | models | jobs | CPU seconds | MB |")
    print("|---|---|---|---|---|---|")
    seconds, memory = min(run[0] for run in runs), max(run[1] for run in runs)
    print(f"| {samples} | {cell_types} | 6 | {int(jobs):,} | {seconds:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
