"""Check: every input is opened and compared with the genome, before any work."""


onstart:
    check_before_work()


rule chrom_sizes:
    """Write the names and lengths of the genome's sequences."""
    input:
        genome_file,
    output:
        "<results>/check/chrom.sizes",
    log:
        "<logs>/chrom_sizes.log",
    benchmark:
        "<benchmarks>/chrom_sizes.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=code_of("chrom_sizes"),
    script:
        "../scripts/chrom_sizes.py"
