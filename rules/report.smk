"""Report: one page per cell type, an index of them, and what made the results."""


onsuccess:
    tell_where_reports_are()


rule report:
    """Write the report of one cell type."""
    input:
        files=report_files,
    output:
        "<results>/reports/{cell_type}.html",
    log:
        "<logs>/report/{cell_type}.log",
    benchmark:
        "<benchmarks>/report/{cell_type}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        plan=report_plan,
        results=subpath(output[0], ancestor=2),
        code=code_of("report", page_parts("cell_type", *SECTIONS, "picture")),
    script:
        "../scripts/report.py"


rule browser_loci:
    """Cut tracks, labels and predictions at a few loci, for the browser of a report."""
    input:
        tracks=files_of_session,
        windows=windows_of_browser,
        sizes="<results>/check/chrom.sizes",
    output:
        "<results>/reports/data/{cell_type}.loci.json",
    log:
        "<logs>/browser_loci/{cell_type}.log",
    benchmark:
        "<benchmarks>/browser_loci/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, per_mb=0),
        runtime=minutes(20),
    params:
        loci=config["report"]["loci"],
        flank=config["report"]["flank"],
        classes=classes_of_browser,
        tracks=tracks_of_browser,
        aliases=config["genome"]["aliases"],
        code=code_of("browser_loci"),
    script:
        "../scripts/browser_loci.py"


rule windows_report:
    """Write the page of all window sets."""
    input:
        facts=[f"<results>/windows/{name}.json" for name in config["windows"]],
        agreement=agreement_of_all(),
        figures=composition_figures(),
    output:
        "<results>/reports/windows.html",
    log:
        "<logs>/windows_report.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        sets=candidates_of_windows(),
        results=subpath(output[0], ancestor=2),
        simulated=any(map(is_simulated_sample, settings.samples)),
        code=code_of("windows_report", page_parts("windows", "picture")),
    script:
        "../scripts/windows_report.py"


rule run_facts:
    """Write what the results are made from, as the reports tell it."""
    input:
        files=all_inputs,
        cards=[
            f"<results>/models/{model}/seed-{seed}/card.json" for model, seed in RUNS
        ],
    output:
        "<results>/reports/data/run.json",
    log:
        "<logs>/run_facts.log",
    benchmark:
        "<benchmarks>/run_facts.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500, per_mb=0),
        runtime=minutes(60),
    params:
        config=config,
        runs=RUNS,
        addresses=addresses(),
        code=code_of("run_facts"),
    script:
        "../scripts/run_facts.py"


rule report_index:
    """Write the index of all reports."""
    input:
        reports=[
            f"<results>/reports/{cell_type}.html" for cell_type in settings.cell_types
        ],
        quality=[f"<results>/quality/{sample.name}.json" for sample in settings.samples],
        metrics=metrics_of_all()[:1],
        windows=window_pages(),
    output:
        "<results>/reports/index.html",
    log:
        "<logs>/report_index.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        samples=[(sample.name, sample.cell_type) for sample in settings.samples],
        tasks=tasks_of_index(),
        rivals=rivals(),
        simulated=any(map(is_simulated_sample, settings.samples)),
        code=code_of("report_index", page_parts("index")),
    script:
        "../scripts/report_index.py"


rule assays:
    """Everything that needs no model: check, fragments, tracks, quality, V-plots, nucleosomes."""
    input:
        [f"<results>/quality/{sample.name}.json" for sample in settings.samples],
        track_files(),
        "<results>/quality/quality.tsv",
        [
            f"<results>/quality/{cell_type}.{name}.png"
            for cell_type in settings.cell_types
            for name in figures_of_quality(cell_type)
        ],
        [
            f"<results>/quality/{name}"
            for cell_type in settings.cell_types
            for name in deeptools_pictures(cell_type)
        ],
        [
            f"<results>/vplots/{cell_type}/{name}.npz"
            for cell_type in settings.cell_types
            for name in [
                *vplot_names(cell_type),
                *(class_sites_of(cell_type) if panel_of(cell_type) else []),
            ]
        ],
        [
            f"<results>/vplots/{cell_type}/{name}.png"
            for cell_type in settings.cell_types
            for name in vplot_names(cell_type)
        ],
        [
            f"<results>/vplots/{cell_type}/{name}.images.npz"
            for cell_type in settings.cell_types
            for name in image_names(cell_type)
        ],
        nucleosome_files(),
    localrule: True


rule provenance:
    """Write what the results were made from, and what each stage cost: after all others."""
    input:
        facts="<results>/reports/data/run.json",
        others=[
            "<results>/reports/index.html",
            but_for_tracks(rules.assays.input),
            rules.evaluation.input,
            rules.predict.input,
            rules.igv.input,
            rules.simulation.input,
            rules.chromhmm.input,
        ],
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500, per_mb=0),
        runtime=minutes(10),
    params:
        benchmarks=workflow.pathvars.apply("<benchmarks>"),
        code=code_of("provenance"),
    script:
        "../scripts/provenance.py"
