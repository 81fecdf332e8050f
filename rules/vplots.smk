"""V-plots: ATAC fragments around site sets and around every class, by midpoint and length."""


rule vplot:
    """Aggregate the V-plots of one cell type at one set of sites."""
    input:
        fragments=atac_of_cell_type,
        sites=vplot_sites,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        array="<results>/vplots/{cell_type}/{sites}.npz",
        png=report(
            "<results>/vplots/{cell_type}/{sites}.png",
            caption="../report/vplot.rst",
            category="V-plots",
            labels={"cell type": "{cell_type}", "figure": "{sites}"},
        ),
        pdf="<results>/vplots/{cell_type}/{sites}.pdf",
    log:
        "<logs>/vplot/{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/vplot/{cell_type}.{sites}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        vplots=config["vplots"],
        entry=sites_entry,
        title=sites_title,
        code=code_of("vplot"),
    script:
        "../scripts/vplot.py"


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
    log:
        "<logs>/vplot_panel/{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        titles=class_titles,
        code=code_of("vplot_panel"),
    script:
        "../scripts/vplot_panel.py"
