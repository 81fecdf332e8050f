"""Functions of the rules that make labels from ChIP-seq."""

from chrompute.chip_sheet import marks_of, replicates_of, segmentation_paths

CHIP_REPLICATES = replicates_of(settings.chips)
SEGMENTATIONS = segmentation_paths(config, settings.chips)
# Without the block there is no replicate, so no rule of the stage can be asked for anything.
CHROMHMM = config["chromhmm"] or dict.fromkeys(("states", "bin", "command", "names"))


def chips_of_replicate(wildcards):
    """The alignments of one replicate, as plain values."""
    own = [chip for chip in settings.chips if chip.replicate == wildcards.replicate]
    return [asdict(chip) for chip in own]


def chip_bams(wildcards):
    chips = chips_of_replicate(wildcards)
    paths = [path for chip in chips for path in (*chip["paths"], *chip["controls"])]
    return existing(dict.fromkeys(paths))


def million_bins():
    """Bins of the genome, by the size of its FASTA; of an unknown one as in the human genome."""
    block, fasta = config["simulation"], config["genome"]["fasta"] or ""
    if block:
        bp = block["chromosomes"] * block["chromosome_length"] / 1e6
    else:
        bp = megabytes([fasta]) * (4 if fasta.endswith("gz") else 1) or 3200
    return bp / CHROMHMM["bin"]


def binarize_mb(wildcards, attempt):
    """Memory: Java, and the reads and controls of each mark in each bin of one cell type."""
    return int(
        attempt
        * (SNAKEMAKE_MB + 800 + 12 * million_bins() * len(marks_of(settings.chips)))
    )


def learn_mb(wildcards, threads, attempt):
    """Memory: Java, the marks of each bin, and chances by state of a chromosome a thread."""
    cell_types = {chip["cell_type"] for chip in chips_of_replicate(wildcards)}
    chances = 32 * threads * CHROMHMM["states"] / 8
    return int(
        attempt
        * (SNAKEMAKE_MB + 800 + million_bins() * (8 * len(cell_types) + chances))
    )
