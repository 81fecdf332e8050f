"""Interpret networks: attributions to V-plots, layers, a map of windows, mistakes."""


rule mean_images:
    """Average the images that a network was trained on: what attributions compare with."""
    input:
        weights=weights_of_first,
        card=card_of_first,
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=[],  # images alone
    output:
        "<results>/interpretation/{model}/mean_images.npz",
    log:
        "<logs>/mean_images/{model}.log",
    benchmark:
        "<benchmarks>/mean_images/{model}.jsonl"
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(30),
        gpu=config["gpus"],
    params:
        recipe=recipe,
        code=code_of("mean_images"),
    script:
        "../scripts/mean_images.py"


rule attributions:
    """Attribute a network's answers to the pixels of V-plots, and follow loci through it."""
    input:
        weights=weights_of_first,
        card=card_of_first,
        predictions=predictions_of_first,
        windows=windows_of_model,
        fragments=fragments_in_cell_type,
        genome=genome_of_model,
        mean="<results>/interpretation/{model}/mean_images.npz",
    output:
        arrays="<results>/interpretation/{model}/{cell_type}/{task}.attributions.npz",
        loci="<results>/interpretation/{model}/{cell_type}/{task}.loci.npz",
        bands="<results>/interpretation/{model}/{cell_type}/{task}.bands.tsv",
        completeness="<results>/interpretation/{model}/{cell_type}/{task}.completeness.tsv",
    log:
        "<logs>/attributions/{model}.{cell_type}.{task}.log",
    benchmark:
        "<benchmarks>/attributions/{model}.{cell_type}.{task}.jsonl"
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=applying_mb,
        runtime=minutes(60),
        gpu=config["gpus"],
    params:
        recipe=recipe_in_cell_type,
        split=config["evaluation"]["split"],
        windows=config["interpret"]["windows"],
        loci=config["interpret"]["loci"],
        code=code_of("attributions"),
    script:
        "../scripts/attributions.py"


rule attribution_figure:
    """Draw mean V-plots and mean attributions by class."""
    input:
        "<results>/interpretation/{model}/{cell_type}/{task}.attributions.npz",
    output:
        png=report(
            "<results>/interpretation/{model}/{cell_type}/{task}.attributions.png",
            caption="../report/attributions.rst",
            category="Interpretation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "attributions, {model}",
            },
        ),
        pdf="<results>/interpretation/{model}/{cell_type}/{task}.attributions.pdf",
    log:
        "<logs>/attribution_figure/{model}.{cell_type}.{task}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        classes=class_titles_of_task,
        title=title_of_model,
        code=code_of("attribution_figure"),
    script:
        "../scripts/attribution_figure.py"


rule locus_figures:
    """Draw loci from raw V-plot through the layers to the answer."""
    input:
        "<results>/interpretation/{model}/{cell_type}/{task}.loci.npz",
    output:
        report(
            directory("<results>/interpretation/{model}/{cell_type}/{task}.loci"),
            patterns=["{locus}.png"],
            caption="../report/loci.rst",
            category="Interpretation",
            labels={
                "cell type": "{cell_type}",
                "task": "{task}",
                "figure": "locus {locus}, {model}",
            },
        ),
    log:
        "<logs>/locus_figures/{model}.{cell_type}.{task}.log",
    benchmark:
        "<benchmarks>/locus_figures/{model}.{cell_type}.{task}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(700),
        runtime=minutes(20),
    params:
        classes=class_titles_of_task,
        title=title_of_model,
        code=code_of("locus_figures"),
    script:
        "../scripts/locus_figures.py"


rule quiz:
    """Write the page on which elements are guessed from raw V-plots."""
    input:
        loci=loci_of_quiz,
        folders=folders_of_quiz,
    output:
        "<results>/interpretation/{model}/{cell_type}/quiz.html",
    log:
        "<logs>/quiz/{model}.{cell_type}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        tasks=titles_of_quiz,
        title=title_of_model,
        simulated=is_simulated_cell_type,
        code=code_of("quiz", templates("quiz", "picture")),
    script:
        "../scripts/quiz.py"


rule embedding:
    """Put windows of all cell types on a map by what the heads of a network read of them."""
    input:
        weights=weights_of_first,
        card=card_of_first,
        windows=windows_of_model,
        fragments=fragments_of_model,
        genome=genome_of_model,
    output:
        table="<results>/interpretation/{model}/embedding.tsv",
        facts="<results>/interpretation/{model}/embedding.json",
    log:
        "<logs>/embedding/{model}.log",
    benchmark:
        "<benchmarks>/embedding/{model}.jsonl"
    conda:
        "../envs/models.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(30),
        gpu=config["gpus"],
    params:
        recipe=recipe,
        split=config["evaluation"]["split"],
        code=code_of("embedding"),
    script:
        "../scripts/embedding.py"


rule embedding_figure:
    """Draw the map, coloured by class and by cell type."""
    input:
        table="<results>/interpretation/{model}/embedding.tsv",
        facts="<results>/interpretation/{model}/embedding.json",
    output:
        png=report(
            "<results>/interpretation/{model}/embedding.{task}.png",
            caption="../report/embedding.rst",
            category="Interpretation",
            labels={"task": "{task}", "figure": "map of windows, {model}"},
        ),
        pdf="<results>/interpretation/{model}/embedding.{task}.pdf",
    log:
        "<logs>/embedding_figure/{model}.{task}.log",
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        task=title_of_task,
        classes=class_titles_of_task,
        title=title_of_model,
        code=code_of("embedding_figure"),
    script:
        "../scripts/embedding_figure.py"


rule mistakes:
    """List the windows that a network is most sure of and wrong about."""
    input:
        predictions=predictions_of_first,
        windows=windows_of_model,
    output:
        "<results>/interpretation/{model}/mistakes.tsv",
    log:
        "<logs>/mistakes/{model}.log",
    benchmark:
        "<benchmarks>/mistakes/{model}.jsonl"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(1500, per_mb=20),
        runtime=minutes(20),
    params:
        recipe=recipe,
        split=config["evaluation"]["split"],
        code=code_of("mistakes"),
    script:
        "../scripts/mistakes.py"


rule interpret:
    """Everything that is found out about networks."""
    input:
        interpretation_files(),
        motifs_of_all(),
    localrule: True
