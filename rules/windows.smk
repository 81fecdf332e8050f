"""Windows: candidate windows with labels and a split."""


rule windows:
    """Make one window set: candidates, labels of all tasks and split."""
    input:
        labels=label_files,
        candidates=candidate_files,
        sizes="<results>/check/chrom.sizes",
        blacklist=blacklist,
        aliases=alias_table,
        genome=genome_file,
        mappability=mappability,
        fragments=stores_of_windows,
        checked=checked(),
    output:
        table="<results>/windows/{windows}.parquet",
        facts="<results>/windows/{windows}.json",
    log:
        "<logs>/windows/{windows}.log",
    benchmark:
        "<benchmarks>/windows/{windows}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=windows_mb,
        runtime=minutes(60),
    params:
        entry=window_entry,
        tasks=tasks_entry,
        replicates=replicates_of_labels,
        peaks=cell_types_of_candidates,
        stores=places_of_stores,
        site_entry=site_entry_of_windows,
        exclude=config["genome"]["exclude"],
        holdouts=holdouts,
        code=code_of("windows"),
    script:
        "../scripts/windows.py"


rule lit_pixels:
    """Summarise how full the V-plots of a window set are."""
    input:
        windows="<results>/windows/{windows}.parquet",
        fragments=atac_of_windows,
    output:
        "<results>/windows/{windows}.pixels.tsv",
    log:
        "<logs>/lit_pixels/{windows}.log",
    benchmark:
        "<benchmarks>/lit_pixels/{windows}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=vplot_mb,
        runtime=minutes(20),
    params:
        cell_types=cell_types_of_windows,
        code=code_of("lit_pixels"),
    script:
        "../scripts/lit_pixels.py"
