"""Functions of the rules of the assay half: fragments, tracks, quality, peaks, V-plots, nucleosomes."""

# Fragments


def fragment_rules(wildcards):
    """Return what decides a sample's fragments, as plain values."""
    sample = settings.sample(wildcards.sample)
    return {
        **config["fragments"],
        "exclude": config["genome"]["exclude"],
        "shift": str(sample.shift),
        "dedup": sample.dedup,
        "assay": sample.assay,
        "cell_type": sample.cell_type,
        "layout": sample.layout,
        "extend": sample.extend,
    }


def dyad_lengths(wildcards):
    """Lengths of which a single-end MNase sample must be for its dyads to count."""
    block = config["nucleosomes"]
    chosen = settings.sample(wildcards.sample).extend is not None
    return [block["min_length"], block["max_length"]] if chosen else None


def barcode_table(wildcards):
    return existing([settings.sample(wildcards.sample).barcodes or ""])


def address(wildcards):
    """Address and expected digest of a file to fetch."""
    places = settings.downloads.values()
    return next(asdict(d) for d in places if d.name == wildcards.download)


def fetched_sample(wildcards):
    """A sample with files that were fetched, which no check could look at before the run."""
    sample = settings.sample(wildcards.sample)
    return asdict(sample) if any(map(is_url, sample.paths)) else None


def million_fragments(samples):
    """Guess how many million fragments samples hold.

    A pair takes about 100 bytes of a BAM, a line 10 of a packed text; of an address nobody knows.
    """
    paths = [path for sample in samples for path in sample.paths]
    text = [path for path in paths if format_of(path) != ALIGNMENTS]
    unknown = 20 * sum(map(is_url, paths))
    return unknown + megabytes(set(paths) - set(text)) / 100 + megabytes(text) / 10


def samples_of_job(wildcards, assay=None):
    """The samples that a job is about: the one it names, or those of its cell type."""
    if hasattr(wildcards, "sample"):
        return [settings.sample(wildcards.sample)]
    return settings.samples_of(wildcards.cell_type, assay)


def fragments_mb(wildcards, attempt):
    """Memory: the interpreter, a block of reads, and about 20 bytes a fragment."""
    number = million_fragments([settings.sample(wildcards.sample)])
    return int(attempt * (SNAKEMAKE_MB + 600 + 30 * number))


# Quality


def tss_file(wildcards):
    name = config["quality"]["tss"]
    return [] if name is None else site_file(name)


def tss_entry(wildcards):
    name = config["quality"]["tss"]
    return None if name is None else site_entry(name)


def quality_settings(wildcards):
    """What figures and verdicts of quality depend on, as plain values."""
    return {
        "tss": tss_entry(wildcards),
        "exclude": config["genome"]["exclude"],
        **{
            key: config["quality"][key]
            for key in ("mitochondrial", "bin_size", "thresholds")
        },
    }


def cell_type_of(wildcards):
    return settings.sample(wildcards.sample).cell_type


def quality_mb(wildcards, attempt):
    """Memory: the longest chromosome (its share of the FASTA is below 0.3 in large genomes)."""
    fragments = 150 * million_fragments(samples_of_job(wildcards))
    return int(attempt * (SNAKEMAKE_MB + 1500 + 2 * genome_mb() + fragments))


def quality_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type)
    return [f"<results>/quality/{sample.name}.json" for sample in samples]


def judged_together(cell_type):
    """Samples whose quality is summed up for a cell type: its pools, or all of an assay without one."""
    samples = settings.samples_of(cell_type)
    pooled = {sample.assay for sample in samples if sample.pool}
    return [sample for sample in samples if sample.pool or sample.assay not in pooled]


def stores_of_cell_type(wildcards):
    samples = judged_together(wildcards.cell_type)
    return [f"<results>/fragments/{sample.name}.parquet" for sample in samples]


def counts_of_cell_type(wildcards):
    samples = judged_together(wildcards.cell_type)
    return [f"<results>/fragments/{sample.name}.json" for sample in samples]


def quality_of_pool(wildcards):
    samples = judged_together(wildcards.cell_type)
    return [f"<results>/quality/{sample.name}.json" for sample in samples]


def figures_of_quality(cell_type):
    """Names of the figures that a cell type has."""
    atac = bool(settings.samples_of(cell_type, "ATAC"))
    together = [sample.assay for sample in judged_together(cell_type)]
    repeated = any(together.count(assay) > 1 for assay in ASSAYS)
    left_out = ["tss"] * (not atac or config["quality"]["tss"] is None)
    left_out += ["correlation"] * (not repeated)
    left_out += ["motif", "gc"] * (config["genome"]["fasta"] is None)
    return [name for name in QUALITY_FIGURES if name not in left_out]


# deepTools


def fingerprint_samples(cell_type=None):
    """Samples whose alignments deepTools can read: BAMs sorted by coordinate.

    Simulated ones are, and are known before they are there: a second run must not find more to do.
    """
    return [
        sample.name
        for sample in settings.samples_of(cell_type)
        if config["quality"]["deeptools"]
        and all(path in SIMULATED or is_indexable(path) for path in sample.paths)
    ]


def made_index(wildcards):
    """Return how the indexes that the check made for a sample begin."""
    return f"{workflow.pathvars.apply('<results>')}/check/index/{wildcards.sample}"


def bam_names(wildcards):
    return [Path(path).name for path in settings.sample(wildcards.sample).paths]


def heatmap_cell_types():
    chosen = config["quality"]["deeptools"] and config["quality"]["tss"] is not None
    return [
        cell_type
        for cell_type in settings.cell_types
        if chosen and settings.samples_of(cell_type, "ATAC")
    ]


def correlated_assays():
    """Assays of which the run has at least two samples."""
    return [
        assay
        for assay in ASSAYS
        if config["quality"]["deeptools"] and len(settings.samples_of(assay=assay)) > 1
    ]


def coverage_of_cell_type(wildcards):
    samples = settings.samples_of(wildcards.cell_type, "ATAC")
    return [f"<results>/tracks/{sample.name}.coverage.bw" for sample in samples]


def atac_names_of_cell_type(wildcards):
    return [sample.name for sample in settings.samples_of(wildcards.cell_type, "ATAC")]


def bigwigs_of_assay(wildcards):
    track = {"ATAC": "coverage", "MNase": "dyads"}[wildcards.assay]
    samples = settings.samples_of(assay=wildcards.assay)
    return [f"<results>/tracks/{sample.name}.{track}.bw" for sample in samples]


def names_of_assay(wildcards):
    return [sample.name for sample in settings.samples_of(assay=wildcards.assay)]


def deeptools_pictures(cell_type):
    """Pictures of deepTools that a report shows: {path below the quality folder: what it is}."""
    pictures = (
        {f"{cell_type}.tss_heatmap.png": "heatmap"}
        if cell_type in heatmap_cell_types()
        else {}
    )
    pictures |= {
        f"{name}.fingerprint.png": "fingerprint"
        for name in fingerprint_samples(cell_type)
    }
    assays = [a for a in correlated_assays() if settings.samples_of(cell_type, a)]
    return pictures | {f"{assay}.bigwigs.png": "correlation" for assay in assays}


# Peaks


def peaks_of(cell_type):
    """Peaks of a cell type: the user's own, called ones, or none."""
    if cell_type in config["peaks"]["files"]:
        return existing([config["peaks"]["files"][cell_type]])
    if config["peaks"]["call"] and settings.pooled_samples(cell_type, "ATAC", "paired"):
        return [f"<results>/peaks/{cell_type}.narrowPeak"]
    return []


def peaks_of_sample(wildcards):
    return peaks_of(cell_type_of(wildcards))


def peaks_of_cell_type(wildcards):
    return peaks_of(wildcards.cell_type)


# V-plots


def motif_file(wildcards):
    return existing([config["sites"][wildcards.sites]["path"]])


def motif_name(wildcards):
    return config["sites"][wildcards.sites]["motif"]


def motif_p_value(wildcards):
    return config["sites"][wildcards.sites]["p_value"]


def vplot_mb(wildcards, input, attempt):
    """Memory: the interpreter, the plot and its figures, and the pooled fragments."""
    return int(attempt * (SNAKEMAKE_MB + 1200 + 60 * input.size_mb))


def vplot_sites(wildcards):
    """The file that holds the sites: a configured set, or the windows of a class."""
    if wildcards.sites in CLASS_SITES:
        windows = windows_of_task(CLASS_SITES[wildcards.sites]["task"])
        return [f"<results>/windows/{windows}.parquet"]
    return site_file(wildcards.sites)


def windows_of_task(task):
    """The first window set that has labels of a task."""
    return next(
        name for name, entry in config["windows"].items() if task in entry["tasks"]
    )


def sites_entry(wildcards):
    return CLASS_SITES.get(wildcards.sites) or site_entry(wildcards.sites)


def title_of_class(task, name):
    return settings.task(task).titles[name]


def sites_title(wildcards):
    if wildcards.sites in CLASS_SITES:
        return title_of_class(**CLASS_SITES[wildcards.sites])
    return config["sites"][wildcards.sites]["title"]


def atac_of_cell_type(wildcards):
    return fragments_of(wildcards.cell_type, "ATAC", "paired")


def vplot_fragments(wildcards):
    stores = atac_of_cell_type(wildcards)
    if not stores:
        raise WorkflowError(
            f"cell type {wildcards.cell_type!r} has no paired-end ATAC sample in its pool: "
            "a V-plot needs both ends of the fragments"
        )
    return stores


def class_sites_of(cell_type):
    """The classes, as site sets, of the tasks that a cell type has labels of."""
    tasks = {label.task for label in settings.labels if label.cell_type == cell_type}
    return [sites for sites, place in CLASS_SITES.items() if place["task"] in tasks]


def image_names(cell_type):
    """Site sets and classes whose V-plots are written one by one in a cell type."""
    if not settings.pooled_samples(cell_type, "ATAC", "paired"):
        return []
    there = [*config["sites"], *class_sites_of(cell_type)]
    return [name for name in config["vplots"]["images"] if name in there]


def class_vplots(wildcards):
    names = class_sites_of(wildcards.cell_type)
    return [f"<results>/vplots/{wildcards.cell_type}/{sites}.npz" for sites in names]


def class_titles(wildcards):
    return [
        title_of_class(**CLASS_SITES[sites])
        for sites in class_sites_of(wildcards.cell_type)
    ]


# Nucleosomes


def mnase_of_cell_type(wildcards):
    return fragments_of(wildcards.cell_type, "MNase")


def profile_sites(wildcards):
    return site_file(wildcards.sites)


def pool_mb(wildcards, attempt):
    """Memory: the interpreter, and the fragments of the MNase samples that are pooled."""
    fragments = 100 * million_fragments(samples_of_job(wildcards, "MNase"))
    return int(attempt * (SNAKEMAKE_MB + 1000 + fragments))


def calls_of(cell_type):
    """What nucleosomes are called from, as below <results>/nucleosomes: samples and their pool."""
    samples = [sample.name for sample in settings.samples_of(cell_type, "MNase")]
    pooled = settings.pooled_samples(cell_type, "MNase")
    return [*samples, *([f"{cell_type}/pooled"] if pooled else [])]


def profile_names(cell_type):
    """Site sets at which a cell type gets a dyad profile: it needs both ends, or MNase."""
    paired = settings.pooled_samples(cell_type, "ATAC", "paired")
    there = settings.pooled_samples(cell_type, "MNase") or paired
    return config["nucleosomes"]["sites"] if there else []


def nucleosome_files():
    """Calls and profiles of all samples and cell types."""
    names = [
        name
        for cell_type in settings.cell_types
        for name in (
            *(f"{calls}.bed.gz" for calls in calls_of(cell_type)),
            *(f"{cell_type}/{sites}.tsv" for sites in profile_names(cell_type)),
        )
    ]
    return [f"<results>/nucleosomes/{name}" for name in names]
