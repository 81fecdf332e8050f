"""Tracks: what a sample, or the pooled samples of a cell type, look like along the genome."""

for kind, members in SAMPLES_OF_KINDS.items():

    rule:
        """Write the tracks of one sample as bigWigs."""
        name:
            f"tracks_{'_'.join(kind)}"
        input:
            fragments="<results>/fragments/{sample}.parquet",
        output:
            [f"<results>/tracks/{{sample}}.{name}.bw" for name in tracks_of_kind(*kind)],
        log:
            "<logs>/tracks/{sample}.log",
        benchmark:
            "<benchmarks>/tracks/{sample}.jsonl"
        wildcard_constraints:
            sample=one_of(members),
        conda:
            "../envs/assays.yaml"
        threads: 1
        resources:
            mem_mb=track_mb,
            runtime=minutes(120),
        params:
            rules=rules_of_tracks(tracks_of_kind(*kind)),
            exclude=config["genome"]["exclude"],
            code=code_of("track"),
        script:
            "../scripts/track.py"


for kind, members in POOLS_OF_KINDS.items():

    rule:
        """Write the tracks of the pooled samples of a cell type as bigWigs."""
        name:
            f"pooled_tracks_{'_'.join(kind)}"
        input:
            fragments=fragments_of_assay(kind[0]),
        output:
            [
                f"<results>/tracks/{{cell_type}}.{kind[0]}.{name}.bw"
                for name in tracks_of_kind(*kind)
            ],
        log:
            f"<logs>/pooled_tracks/{{cell_type}}.{kind[0]}.log",
        benchmark:
            f"<benchmarks>/pooled_tracks/{{cell_type}}.{kind[0]}.jsonl"
        wildcard_constraints:
            cell_type=but_not(members, NOT_OF_SAMPLES),
        conda:
            "../envs/assays.yaml"
        threads: 1
        resources:
            mem_mb=track_mb,
            runtime=minutes(240),
        params:
            rules=rules_of_tracks(tracks_of_kind(*kind)),
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
        runtime=minutes(60),
    params:
        rules=rules_of_track,
        exclude=config["genome"]["exclude"],
        code=code_of("track"),
    script:
        "../scripts/track.py"


rule pooled_track:
    """Write one track of pooled samples that is asked for by name, as bigWig."""
    input:
        fragments=fragments_of_pool,
    output:
        "<results>/tracks/{cell_type}.{assay}.{track}.bw",
    log:
        "<logs>/pooled_track/{cell_type}.{assay}.{track}.log",
    benchmark:
        "<benchmarks>/pooled_track/{cell_type}.{assay}.{track}.jsonl"
    wildcard_constraints:
        cell_type=POOLS_OF_OTHERS,
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=track_mb,
        runtime=minutes(120),
    params:
        rules=rules_of_track,
        exclude=config["genome"]["exclude"],
        code=code_of("track"),
    script:
        "../scripts/track.py"
