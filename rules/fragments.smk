"""Fragments: one pass per BAM to a midpoint-sorted store, with the filter counts beside it."""


def fragment_rules(wildcards):
    """Return what decides a sample's fragments, as plain values."""
    sample = settings.sample(wildcards.sample)
    return {
        **config["fragments"],
        "exclude": config["genome"]["exclude"],
        "shift": str(sample.shift),
        "dedup": sample.dedup,
        "assay": sample.assay,
    }


def fragments_mb(wildcards, attempt):
    """Memory: the interpreter, a batch of reads, and the fragments (about 150 bytes a pair)."""
    return int(attempt * (700 + 6 * megabytes(settings.sample(wildcards.sample).paths)))


rule fragments:
    """Turn the BAMs of one sample into its fragment store."""
    input:
        bams=bams,
        sizes=ancient("<results>/check/chrom.sizes"),
        genome=genome_file,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        store="<results>/fragments/{sample}.parquet",
        counts="<results>/fragments/{sample}.json",
    log:
        "<logs>/fragments/{sample}.log",
    benchmark:
        "<benchmarks>/fragments/{sample}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=fragments_mb,
        runtime=60,
    params:
        rules=fragment_rules,
        code=code_hash("alignments"),
    script:
        "../scripts/fragments.py"
