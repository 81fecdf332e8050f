"""Tracks: what one sample looks like along the genome."""


rule track:
    """Write cuts, coverage or dyads of one sample as bigWig, at base resolution."""
    input:
        fragments="<results>/fragments/{sample}.parquet",
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
        mem_mb=2000,
        runtime=30,
    params:
        lengths=track_lengths,
        exclude=config["genome"]["exclude"],
        code=code_of("track"),
    script:
        "../scripts/track.py"
