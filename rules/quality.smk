"""Quality: figures and verdicts of each sample and cell type, as JSON, TSV, figures, for MultiQC."""


rule quality:
    """Summarise and judge one sample."""
    input:
        fragments="<results>/fragments/{sample}.parquet",
        counts="<results>/fragments/{sample}.json",
        genome=genome_file,
        sites=tss_file,
        peaks=peaks_of_sample,
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
        mem_mb=quality_mb,
        runtime=minutes(30),
    params:
        cell_type=cell_type_of,
        settings=quality_settings,
        code=code_of("quality"),
    script:
        "../scripts/quality.py"


rule quality_cell_type:
    """Summarise and judge the samples of one cell type together."""
    input:
        fragments=stores_of_cell_type,
        counts=counts_of_cell_type,
        quality=quality_of_pool,
        genome=genome_file,
        sites=tss_file,
        peaks=peaks_of_cell_type,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        summary="<results>/quality/{cell_type}.summary.json",
        table="<results>/quality/{cell_type}.summary.tsv",
    log:
        "<logs>/quality_cell_type/{cell_type}.log",
    benchmark:
        "<benchmarks>/quality_cell_type/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=quality_mb,
        runtime=minutes(60),
    params:
        settings=quality_settings,
        code=code_of("quality_cell_type"),
    script:
        "../scripts/quality_cell_type.py"


rule quality_table:
    """Write the quality of all samples as one table, and for MultiQC."""
    input:
        [f"<results>/quality/{sample.name}.json" for sample in settings.samples],
    output:
        table="<results>/quality/quality.tsv",
        general="<results>/quality/chrompute_mqc.json",
        verdicts="<results>/quality/chrompute_verdicts_mqc.json",
        reads="<results>/quality/chrompute_reads_mqc.json",
        lengths="<results>/quality/chrompute_lengths_mqc.json",
    log:
        "<logs>/quality_table.log",
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        code=code_of("quality_table"),
    script:
        "../scripts/quality_table.py"


rule quality_figure:
    """Draw one figure of the quality of a cell type."""
    input:
        samples=quality_of_cell_type,
        summary="<results>/quality/{cell_type}.summary.json",
    output:
        png=report(
            "<results>/quality/{cell_type}.{figure}.png",
            caption="../report/quality.rst",
            category="Quality",
            labels={"cell type": "{cell_type}", "figure": "{figure}"},
        ),
        pdf="<results>/quality/{cell_type}.{figure}.pdf",
        numbers="<results>/quality/{cell_type}.{figure}.tsv",
    log:
        "<logs>/quality_figure/{cell_type}.{figure}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        max_length=config["vplots"]["max_length"],
        code=code_of("quality_figure"),
    script:
        "../scripts/quality_figure.py"
