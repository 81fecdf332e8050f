"""Fragments: one pass per file to a midpoint-sorted store, with the filter counts beside it."""


rule fetch:
    """Fetch one file of a sample from its address, compare its digest, and look at it."""
    input:
        sizes="<results>/check/chrom.sizes",
        aliases=alias_table,
    output:
        "<results>/inputs/{sample}/{download}",
    log:
        "<logs>/fetch/{sample}.{download}.log",
    retries: 3
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        source=address,
        sample=sample_entry,
        exclude=config["genome"]["exclude"],
    script:
        "../scripts/fetch.py"


rule fragments:
    """Turn the files of one sample into its fragment store."""
    input:
        reads=reads_of_sample,
        barcodes=barcode_table,
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
