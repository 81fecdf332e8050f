"""Windows: candidate windows with labels and a split."""


def windows_mb(wildcards, attempt):
    return int(attempt * (500 + 20 * megabytes(label_files(wildcards))))


def cell_types_of_labels(wildcards):
    """Cell types in the order of `label_files`."""
    task = config["windows"][wildcards.windows]["task"]
    return [label.cell_type for label in settings.labels if label.task == task]


def window_entry(wildcards):
    return config["windows"][wildcards.windows]


def task_entry(wildcards):
    return config["tasks"][config["windows"][wildcards.windows]["task"]]


rule windows:
    """Make one window set: candidates, labels and split."""
    input:
        labels=label_files,
        sizes=ancient("<results>/check/chrom.sizes"),
        genome=genome_file,
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
        cell_types=cell_types_of_labels,
        entry=window_entry,
        task=task_entry,
        exclude=config["genome"]["exclude"],
        code=code_hash("windows"),
    script:
        "../scripts/windows.py"
