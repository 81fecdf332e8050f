"""Tracks: what a sample, or the pooled samples of a cell type, look like along the genome."""

for kind, names in TRACKS_OF_KINDS.items():
    if names:

        rule:
            """Write the tracks of one sample as bigWigs."""
            name:
                f"tracks_{'_'.join(kind)}"
            input:
                fragments="<results>/fragments/{sample}.parquet",
            output:
                [f"<results>/tracks/{{sample}}.{name}.bw" for name in names],
            log:
                "<logs>/tracks/{sample}.log",
            benchmark:
                "<benchmarks>/tracks/{sample}.jsonl"
            wildcard_constraints:
                sample=one_of(SAMPLES_OF_KINDS[kind]),
            conda:
                "../envs/assays.yaml"
            threads: 1
            resources:
                mem_mb=track_mb,
                runtime=120,
            params:
                rules=rules_of_tracks(names),
                exclude=config["genome"]["exclude"],
                code=code_of("track"),
            script:
                "../scripts/track.py"


rule track:
    """Write one track of one sample that is asked for by name, as bigWig."""
    input:
        fragments=fragments_of_track,
    output:
        "<results>/tracks/{sample}.{track}.bw",
    log:
        "<logs>/track/{sample}.{track}.log",
    benchmark:
        "<benchmarks>/track/{sample}.{track}.jsonl"
    wildcard_constraints:
        sample=SAMPLES_OF_OTHERS,
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
        "<results>/tracks/{cell_type}.{assay}.{track}.bw",
    log:
        "<logs>/pooled_track/{cell_type}.{assay}.{track}.log",
    benchmark:
        "<benchmarks>/pooled_track/{cell_type}.{assay}.{track}.jsonl"
    wildcard_constraints:
        cell_type=CELL_TYPES_OF_POOLS,
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
