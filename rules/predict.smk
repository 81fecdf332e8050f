"""Predict: classes and their probabilities along the genome, with trained models."""


rule prediction:
    """Predict tiles of the genome, or windows, of a cell type or a sample."""
    input:
        model=model_of_prediction,
        fragments=fragments_of_prediction,
        genome=genome_of_prediction,
        blacklist=blacklist,
        aliases=alias_table,
        regions=regions_of_prediction,
    output:
        "<results>/predictions/{model}/{sample}.parquet",
    log:
        "<logs>/prediction/{model}.{sample}.log",
    benchmark:
        "<benchmarks>/prediction/{model}.{sample}.jsonl"
    wildcard_constraints:
        model=one_of(PREDICTIONS),
        sample=one_of(PREDICTED),
    conda:
        "../envs/models.yaml"
    threads: prediction_threads
    resources:
        mem_mb=prediction_mb,
        runtime=minutes(240),
        gpu=config["gpus"],
    params:
        read=read_by_prediction,
        options=prediction_options,
        exclude=config["genome"]["exclude"],
        code=code_of("prediction"),
    script:
        "../scripts/prediction.py"


rule prediction_segments:
    """Write the most probable class along the genome as BED in the colours of the classes."""
    input:
        "<results>/predictions/{model}/{sample}.parquet",
    output:
        bed="<results>/predictions/{model}/{sample}.{task}.states.bed.gz",
        index="<results>/predictions/{model}/{sample}.{task}.states.bed.gz.tbi",
    log:
        "<logs>/prediction_segments/{model}.{sample}.{task}.log",
    benchmark:
        "<benchmarks>/prediction_segments/{model}.{sample}.{task}.jsonl"
    wildcard_constraints:
        model=one_of(PREDICTIONS),
        sample=one_of(PREDICTED),
        task=one_of(PREDICTED_TASKS),
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=20),
        runtime=minutes(30),
    params:
        colours=colours_of_prediction,
        code=code_of("prediction_segments"),
    script:
        "../scripts/prediction_segments.py"


rule prediction_probability:
    """Write the probability of one class along the genome as bigWig."""
    input:
        "<results>/predictions/{model}/{sample}.parquet",
    output:
        "<results>/predictions/{model}/{sample}.{name}.bw",
    log:
        "<logs>/prediction_probability/{model}.{sample}.{name}.log",
    benchmark:
        "<benchmarks>/prediction_probability/{model}.{sample}.{name}.jsonl"
    wildcard_constraints:
        model=one_of(PREDICTIONS),
        sample=one_of(PREDICTED),
        name=one_of(PREDICTED_CLASSES),
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=20),
        runtime=minutes(30),
    params:
        chosen=predicted_class,
        code=code_of("prediction_probability"),
    script:
        "../scripts/prediction_probability.py"


rule prediction_table:
    """Write all predictions of a cell type or a sample as text."""
    input:
        "<results>/predictions/{model}/{sample}.parquet",
    output:
        table="<results>/predictions/{model}/{sample}.tsv.gz",
        index="<results>/predictions/{model}/{sample}.tsv.gz.tbi",
    log:
        "<logs>/prediction_table/{model}.{sample}.log",
    benchmark:
        "<benchmarks>/prediction_table/{model}.{sample}.jsonl"
    wildcard_constraints:
        model=one_of(PREDICTIONS),
        sample=one_of(PREDICTED),
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000, per_mb=20),
        runtime=minutes(30),
    params:
        code=code_of("prediction_table"),
    script:
        "../scripts/prediction_table.py"


rule predict:
    """All predictions along the genome."""
    input:
        prediction_files(),
    localrule: True


rule igv_session:
    """Write the tracks, labels and predictions of a cell type as a session of IGV."""
    input:
        files=files_of_session,
        genome=genome_file,
    output:
        "<results>/igv/{cell_type}.xml",
    log:
        "<logs>/igv_session/{cell_type}.log",
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(500, per_mb=0),
        runtime=minutes(10),
    params:
        genome=igv_genome,
        titles=titles_of_session,
        colours=colours_of_session,
        probabilities=probabilities_of_session,
        code=code_of("igv_session"),
    script:
        "../scripts/igv_session.py"


rule igv:
    """The IGV sessions of all cell types."""
    input:
        expand("<results>/igv/{cell_type}.xml", cell_type=settings.cell_types),
    localrule: True
