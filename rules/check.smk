"""Check: every input is opened and compared with the genome, before any work."""


onstart:
    check_before_work()


rule chrom_sizes:
    """Write the names and lengths of the genome's sequences."""
    input:
        fasta=genome_file,
        sizes=sizes_table,
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
        mem_mb=memory(1000, per_mb=1),
        runtime=minutes(15),
    params:
        code=code_of("chrom_sizes"),
    script:
        "../scripts/chrom_sizes.py"


rule check_fetched:
    """Open the fetched files and compare them with the genome, as any other input."""
    input:
        FETCHED,
    output:
        "<results>/check/fetched.json",
    log:
        "<logs>/check_fetched.log",
    benchmark:
        "<benchmarks>/check_fetched.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=0),
        runtime=minutes(60),
    # No digest of the code: jobs that wait for a check that is made again, and for nothing else that
    # is, would not be asked whether their own code has changed.
    script:
        "../scripts/check_fetched.py"
