"""V-plots: ATAC fragments around site sets and around every class, by midpoint and length."""

VPLOT_SHAPE = {
    key: config["vplots"][key] for key in ("flank", "min_length", "max_length")
}


rule motif_sites:
    """Find the matches of a motif in the genome."""
    input:
        motifs=motif_file,
        genome=genome_file,
        sizes="<results>/check/chrom.sizes",
        blacklist=blacklist,
        aliases=alias_table,
    output:
        "<results>/sites/{sites}.bed",
    log:
        "<logs>/motif_sites/{sites}.log",
    benchmark:
        "<benchmarks>/motif_sites/{sites}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=4),
        runtime=minutes(60),
    params:
        motif=motif_name,
        p_value=motif_p_value,
        exclude=config["genome"]["exclude"],
        code=code_of("motif_sites"),
    script:
        "../scripts/motif_sites.py"


rule vplot:
    """Aggregate the V-plots of one cell type at one set of sites."""
    input:
        fragments=vplot_fragments,
        sites=vplot_sites,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        "<results>/vplots/{cell_type}/{sites}.npz",
    log:
        "<logs>/vplot/{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/vplot/{cell_type}.{sites}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=vplot_mb,
        runtime=minutes(20),
    params:
        shape=VPLOT_SHAPE,
        entry=sites_entry,
        title=sites_title,
        code=code_of("vplot"),
    script:
        "../scripts/vplot.py"


rule vplot_figure:
    """Draw an aggregate V-plot; those of classes stand together in a panel, and alone on request."""
    input:
        "<results>/vplots/{cell_type}/{sites}.npz",
    output:
        png=report(
            "<results>/vplots/{cell_type}/{sites}.png",
            caption="../report/vplot.rst",
            category="V-plots",
            labels={"cell type": "{cell_type}", "figure": "{sites}"},
        ),
        pdf="<results>/vplots/{cell_type}/{sites}.pdf",
        corrected_png=report(
            "<results>/vplots/{cell_type}/{sites}.corrected.png",
            caption="../report/vplot_corrected.rst",
            category="V-plots",
            labels={"cell type": "{cell_type}", "figure": "{sites}, corrected"},
        ),
        corrected_pdf="<results>/vplots/{cell_type}/{sites}.corrected.pdf",
    log:
        "<logs>/vplot_figure/{cell_type}.{sites}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        title=sites_title,
        code=code_of("vplot_figure"),
    script:
        "../scripts/vplot_figure.py"


rule vplot_images:
    """Write the V-plot of every site of a set, as a sparse matrix."""
    input:
        fragments=vplot_fragments,
        sites=vplot_sites,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        array="<results>/vplots/{cell_type}/{sites}.images.npz",
        sites="<results>/vplots/{cell_type}/{sites}.images.tsv",
    log:
        "<logs>/vplot_images/{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/vplot_images/{cell_type}.{sites}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=vplot_mb,
        runtime=minutes(60),
    params:
        shape=VPLOT_SHAPE,
        entry=sites_entry,
        title=sites_title,
        code=code_of("vplot_images"),
    script:
        "../scripts/vplot_images.py"


rule vplot_panel:
    """Draw the V-plots of all classes beside each other, on one scale."""
    input:
        class_vplots,
    output:
        png=report(
            "<results>/vplots/{cell_type}/classes.png",
            caption="../report/vplot_panel.rst",
            category="V-plots",
            labels={"cell type": "{cell_type}", "figure": "all classes"},
        ),
        pdf="<results>/vplots/{cell_type}/classes.pdf",
        numbers="<results>/vplots/{cell_type}/classes.tsv.gz",
    log:
        "<logs>/vplot_panel/{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        titles=class_titles,
        code=code_of("vplot_panel"),
    script:
        "../scripts/vplot_panel.py"
