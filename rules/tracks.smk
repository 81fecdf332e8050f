"""Tracks: what a sample, or the pooled samples of a cell type, look like along the genome."""


# A sample may be called like a pool that is not made; the check refuses it where both are.
ruleorder: track > pooled_track


rule track:
    """Write one track of one sample as bigWig."""
    input:
        fragments=fragments_of_track,
    output:
        track="<results>/tracks/{sample}.{track}.bw",
    log:
        "<logs>/track/{sample}.{track}.log",
    benchmark:
        "<benchmarks>/track/{sample}.{track}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=track_mb,
        runtime=60,
    params:
        rules=track_rules,
        exclude=config["genome"]["exclude"],
        code=code_of("track"),
    script:
        "../scripts/track.py"


rule pooled_track:
    """Write one track of the pooled samples of a cell type and assay as bigWig."""
    input:
        fragments=fragments_of_pool,
    output:
        track="<results>/tracks/{cell_type}.{assay}.{track}.bw",
    log:
        "<logs>/pooled_track/{cell_type}.{assay}.{track}.log",
    benchmark:
        "<benchmarks>/pooled_track/{cell_type}.{assay}.{track}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=track_mb,
        runtime=120,
    params:
        rules=track_rules,
        exclude=config["genome"]["exclude"],
        code=code_of("track"),
    script:
        "../scripts/track.py"
