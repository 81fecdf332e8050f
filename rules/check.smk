"""Check: every input is opened and compared with the genome, before any work."""


rule check:
    """Open every BAM, FASTA, BED and sheet; report all faults; write chromosome sizes."""
    input:
        all_inputs,
    output:
        sizes="<results>/check/chrom.sizes",
        facts="<results>/check/inputs.json",
        index=directory("<results>/check/index"),
    log:
        "<logs>/check.log",
    benchmark:
        "<benchmarks>/check.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        config=part("genome", "sites", "tasks", "windows", "samples", "labels"),
        paths=input_paths(settings),
        code=code_of("check"),
    script:
        "../scripts/check.py"
