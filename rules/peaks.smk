"""Peaks (optional): MACS3 on the pooled ATAC fragments of a cell type, in its own environment."""


rule bedpe:
    """Write the pooled ATAC fragments of one cell type for MACS3."""
    input:
        fragments=atac_of_cell_type,
    output:
        bedpe=temp("<results>/peaks/{cell_type}.bedpe"),
        genome_size="<results>/peaks/{cell_type}.genome_size",
    log:
        "<logs>/bedpe/{cell_type}.log",
    benchmark:
        "<benchmarks>/bedpe/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=quality_mb,
        runtime=minutes(60),
    params:
        exclude=config["genome"]["exclude"],
        code=code_of("bedpe"),
    script:
        "../scripts/bedpe.py"


rule call_peaks:
    """Call the peaks of one cell type with MACS3."""
    input:
        bedpe="<results>/peaks/{cell_type}.bedpe",
        genome_size="<results>/peaks/{cell_type}.genome_size",
    output:
        peaks="<results>/peaks/{cell_type}.narrowPeak",
        summits="<results>/peaks/{cell_type}.summits.bed",
    log:
        "<logs>/call_peaks/{cell_type}.log",
    benchmark:
        "<benchmarks>/call_peaks/{cell_type}.jsonl"
    conda:
        "../envs/peaks.yaml"
    threads: 1
    resources:
        mem_mb=quality_mb,
        runtime=minutes(240),
    params:
        qvalue=config["peaks"]["qvalue"],
        code=code_of_rules("peaks"),
    shell:
        """
        exec >{log:q} 2>&1
        command -v macs3 || {{ echo "ERROR: macs3 is not installed: pip install macs3 (it compiles for minutes), or run with --sdm conda, or give peaks/files"; exit 1; }}
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        macs3 callpeak --format BEDPE --treatment {input.bedpe:q} --gsize $(cat {input.genome_size:q}) \
            --keep-dup all --qvalue {params.qvalue} --name peaks --outdir "$folder"
        mv "$folder/peaks_peaks.narrowPeak" {output.peaks:q}
        mv "$folder/peaks_summits.bed" {output.summits:q}
        """
