"""Fragments: one pass per BAM to a midpoint-sorted store, with the filter counts beside it."""


rule fragments:
    """Turn the BAMs of one sample into its fragment store."""
    input:
        bams=bams,
        sizes="<results>/check/chrom.sizes",
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
        code=code_of("fragments"),
    script:
        "../scripts/fragments.py"
