"""Fragments: one pass per file to a midpoint-sorted store, with the filter counts beside it."""


rule fetch:
    """Fetch one input file from its address and compare its digest."""
    output:
        "<results>/inputs/{download}",
    log:
        "<logs>/fetch/{download}.log",
    benchmark:
        "<benchmarks>/fetch/{download}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(500, per_mb=0),
        runtime=minutes(240),
    params:
        source=address,
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
        # Waited for, and no reason by itself to read a sample anew: one of its own files has to be.
        checked=ancient(checked()),
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
        runtime=minutes(60),
    params:
        rules=fragment_rules,
        fetched=fetched_sample,
        dyad_lengths=dyad_lengths,
        code=code_of("fragments"),
    script:
        "../scripts/fragments.py"
