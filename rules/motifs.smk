"""What networks read in the DNA: attributions, motifs, and the effect of every substitution."""


rule sequence_attributions:
    """Attribute the score of a class to the DNA of its windows."""
    input:
        weights=explained_weights,
        card=explained_card,
        windows=windows_of_model,
        fragments=explained_fragments,
        genome=genome_file,
    output:
        attributions="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.npz",
        windows="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.windows.tsv",
    log:
        "<logs>/sequence_attributions/{model}.{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/sequence_attributions/{model}.{cell_type}.{sites}.jsonl"
    wildcard_constraints:
        model=one_of(NETWORKS),
        sites=one_of(CLASS_SITES),
    conda:
        "../envs/motifs.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(120),
        gpu=config["gpus"],
    params:
        motifs=config["motifs"],
        of_class=explained_class,
        cell_type="{cell_type}",
        code=code_of("sequence_attributions"),
    script:
        "../scripts/sequence_attributions.py"


rule motifs:
    """Find motifs among the attributions of a class, and compare them with known ones."""
    input:
        attributions="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.npz",
        windows="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.windows.tsv",
        known=known_motifs,
    output:
        patterns="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.motifs.tsv",
        logos="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.logos.tsv",
        matches="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.matches.tsv",
        distances="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.distances.tsv",
        meme="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.motifs.meme",
        bed="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.seqlets.bed",
        png=report(
            "<results>/interpretation/{model}/{cell_type}/sequence/{sites}.motifs.png",
            caption="../report/motifs.rst",
            category="Interpretation",
            labels={
                "cell type": "{cell_type}",
                "model": "{model}",
                "figure": "motifs of {sites}",
            },
        ),
        pdf="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.motifs.pdf",
    log:
        "<logs>/motifs/{model}.{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/motifs/{model}.{cell_type}.{sites}.jsonl"
    conda:
        "../envs/motifs.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        motifs=config["motifs"],
        title=explained_title,
        code=code_of("motifs"),
    script:
        "../scripts/motifs.py"


rule mutagenesis:
    """Predict every substitution of loci, and draw what each does to the score of a class."""
    input:
        weights=explained_weights,
        card=explained_card,
        windows="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.windows.tsv",
        fragments=explained_fragments,
        genome=genome_file,
    output:
        table="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.mutations.tsv",
        png=report(
            "<results>/interpretation/{model}/{cell_type}/sequence/{sites}.mutations.png",
            caption="../report/mutations.rst",
            category="Interpretation",
            labels={
                "cell type": "{cell_type}",
                "model": "{model}",
                "figure": "substitutions, {sites}",
            },
        ),
        pdf="<results>/interpretation/{model}/{cell_type}/sequence/{sites}.mutations.pdf",
    log:
        "<logs>/mutagenesis/{model}.{cell_type}.{sites}.log",
    benchmark:
        "<benchmarks>/mutagenesis/{model}.{cell_type}.{sites}.jsonl"
    conda:
        "../envs/motifs.yaml"
    threads: training_threads
    resources:
        mem_mb=training_mb,
        runtime=minutes(60),
        gpu=config["gpus"],
    params:
        motifs=config["motifs"],
        of_class=explained_class,
        cell_type="{cell_type}",
        title=explained_title,
        code=code_of("mutagenesis"),
    script:
        "../scripts/mutagenesis.py"
