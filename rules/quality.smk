"""Quality: filter counts, length ladder and TSS enrichment of each sample."""


rule quality:
    """Summarise one sample."""
    input:
        fragments="<results>/fragments/{sample}.parquet",
        counts="<results>/fragments/{sample}.json",
        sites=tss_file,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        "<results>/quality/{sample}.json",
    log:
        "<logs>/quality/{sample}.log",
    benchmark:
        "<benchmarks>/quality/{sample}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        exclude=config["genome"]["exclude"],
        tss=tss_entry,
        code=code_of("quality"),
    script:
        "../scripts/quality.py"


rule length_ladder:
    """Draw the fragment lengths of all samples of a cell type."""
    input:
        quality_of_cell_type,
    output:
        png=report(
            "<results>/quality/{cell_type}.lengths.png",
            caption="../report/lengths.rst",
            category="Quality",
            labels={"cell type": "{cell_type}", "figure": "fragment lengths"},
        ),
        pdf="<results>/quality/{cell_type}.lengths.pdf",
    log:
        "<logs>/length_ladder/{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        max_length=config["vplots"]["max_length"],
        code=code_of("length_ladder"),
    script:
        "../scripts/length_ladder.py"
