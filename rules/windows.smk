"""Windows: candidate windows with labels and a split."""


rule windows:
    """Make one window set: candidates, labels and split."""
    input:
        labels=label_files,
        sizes="<results>/check/chrom.sizes",
        blacklist=blacklist,
        aliases=alias_table,
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
        runtime=20,
    params:
        replicates=replicates_of_labels,
        entry=window_entry,
        task=task_entry,
        exclude=config["genome"]["exclude"],
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
        runtime=20,
    params:
        cell_types=cell_types_of_windows,
        code=code_of("lit_pixels"),
    script:
        "../scripts/lit_pixels.py"
