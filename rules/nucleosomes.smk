"""Nucleosomes: the MNase dyad profile around site sets."""


rule dyad_profile:
    """Average the MNase dyads of one cell type around one set of sites."""
    input:
        fragments=mnase_of_cell_type,
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
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        nucleosomes=config["nucleosomes"],
        entry=sites_entry,
        code=code_of("dyad_profile"),
    script:
        "../scripts/dyad_profile.py"
