"""Nucleosomes: calls, repeat length and phasing around site sets."""


rule nucleosomes:
    """Call the nucleosomes of one MNase sample and measure their repeat length."""
    input:
        fragments=["<results>/fragments/{sample}.parquet"],
    output:
        calls="<results>/nucleosomes/{sample}.bed.gz",
        summary="<results>/nucleosomes/{sample}.json",
        table="<results>/nucleosomes/{sample}.phasing.tsv",
        png=report(
            "<results>/nucleosomes/{sample}.phasing.png",
            caption="../report/nucleosomes.rst",
            category="Nucleosomes",
            labels={"cell type": "sample {sample}", "figure": "repeat length"},
        ),
        pdf="<results>/nucleosomes/{sample}.phasing.pdf",
    log:
        "<logs>/nucleosomes/{sample}.log",
    benchmark:
        "<benchmarks>/nucleosomes/{sample}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=pool_mb,
        runtime=minutes(60),
    params:
        nucleosomes=config["nucleosomes"],
        title="{sample}",
        code=code_of("nucleosomes"),
    script:
        "../scripts/nucleosomes.py"


use rule nucleosomes as pooled_nucleosomes with:
    input:
        fragments=mnase_of_cell_type,
    output:
        calls="<results>/nucleosomes/{cell_type}/pooled.bed.gz",
        summary="<results>/nucleosomes/{cell_type}/pooled.json",
        table="<results>/nucleosomes/{cell_type}/pooled.phasing.tsv",
        png=report(
            "<results>/nucleosomes/{cell_type}/pooled.phasing.png",
            caption="../report/nucleosomes.rst",
            category="Nucleosomes",
            labels={"cell type": "{cell_type}", "figure": "repeat length, pooled"},
        ),
        pdf="<results>/nucleosomes/{cell_type}/pooled.phasing.pdf",
    log:
        "<logs>/pooled_nucleosomes/{cell_type}.log",
    benchmark:
        "<benchmarks>/pooled_nucleosomes/{cell_type}.jsonl"
    params:
        nucleosomes=config["nucleosomes"],
        title="{cell_type}, MNase pooled",
        code=code_of("nucleosomes"),


rule dyad_profile:
    """Average the dyads of one cell type around one set of sites."""
    input:
        mnase=mnase_of_cell_type,
        atac=atac_of_cell_type,
        sites=profile_sites,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        table="<results>/nucleosomes/{cell_type}/{sites}.tsv",
        summary="<results>/nucleosomes/{cell_type}/{sites}.json",
        png=report(
            "<results>/nucleosomes/{cell_type}/{sites}.png",
            caption="../report/dyad_profile.rst",
            category="Nucleosomes",
            labels={"cell type": "{cell_type}", "figure": "dyads at {sites}"},
        ),
        pdf="<results>/nucleosomes/{cell_type}/{sites}.pdf",
    log:
        "<logs>/dyad_profile/{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/dyad_profile/{cell_type}.{sites}.jsonl"
    wildcard_constraints:
        sites=one_of(config["sites"]),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=pool_mb,
        runtime=minutes(30),
    params:
        nucleosomes=config["nucleosomes"],
        entry=sites_entry,
        code=code_of("dyad_profile"),
    script:
        "../scripts/dyad_profile.py"
