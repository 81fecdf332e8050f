"""The paper set: `snakemake figures`."""


rule paper_figure:
    """Draw one figure at the width of a journal's column, with the numbers that it shows."""
    input:
        lambda wildcards: PAPER[wildcards.figure]["files"],
    output:
        png="<results>/figures/paper/{figure}.png",
        pdf="<results>/figures/paper/{figure}.pdf",
        table="<results>/figures/paper/{figure}.tsv",
    log:
        "<logs>/paper_figure/{figure}.log",
    wildcard_constraints:
        figure=one_of(PAPER),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=minutes(20),
    params:
        plan=lambda wildcards: PAPER[wildcards.figure],
        code=code_of("paper_figure"),
    script:
        "../scripts/paper_figure.py"


rule figures:
    """All figures of the paper set."""
    input:
        expand(
            "<results>/figures/paper/{figure}.{end}",
            figure=PAPER,
            end=["pdf", "png", "tsv"],
        ),
    localrule: True
