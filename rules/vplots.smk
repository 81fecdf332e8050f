"""V-plots: ATAC fragments around site sets and around every class, by midpoint and length."""


def vplot_sites(wildcards):
    """The file that holds the sites: a configured set, or the windows of a class."""
    if wildcards.sites in CLASS_SITES:
        return f"<results>/windows/{windows_of_task(CLASS_SITES[wildcards.sites]['task'])}.parquet"
    return existing([config["sites"][wildcards.sites]["path"]])


def windows_of_task(task):
    return next(
        name for name, entry in config["windows"].items() if entry["task"] == task
    )


def sites_entry(wildcards):
    return CLASS_SITES.get(wildcards.sites) or config["sites"][wildcards.sites]


def title_of_class(task, name):
    return config["tasks"][task]["classes"][name]["title"]


def sites_title(wildcards):
    if wildcards.sites in CLASS_SITES:
        return title_of_class(**CLASS_SITES[wildcards.sites])
    return config["sites"][wildcards.sites]["title"]


def atac_of_cell_type(wildcards):
    return fragments_of(wildcards.cell_type, "ATAC")


def class_vplots(wildcards):
    return [
        f"<results>/vplots/{wildcards.cell_type}/{sites}.npz" for sites in CLASS_SITES
    ]


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
        code=code_hash("vplots", "sites", "figures"),
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
        titles=[title_of_class(**place) for place in CLASS_SITES.values()],
        code=code_hash("vplots", "figures"),
    script:
        "../scripts/vplot_panel.py"
