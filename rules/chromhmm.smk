"""Labels from ChIP-seq (optional): ChromHMM on each replicate, its states aligned and named."""


rule chromhmm_binarize:
    """Write in which bins each mark of one replicate is present."""
    input:
        bams=chip_bams,
        sizes="<results>/check/chrom.sizes",
        checked=checked(),
    output:
        directory("<results>/chromhmm/binary/{replicate}"),
    log:
        "<logs>/chromhmm_binarize/{replicate}.log",
    benchmark:
        "<benchmarks>/chromhmm_binarize/{replicate}.jsonl"
    wildcard_constraints:
        replicate=one_of(CHIP_REPLICATES),
    conda:
        "../envs/chromhmm.yaml"
    threads: 1
    resources:
        mem_mb=binarize_mb,
        runtime=minutes(600),
    params:
        chips=chips_of_replicate,
        exclude=config["genome"]["exclude"],
        bin_size=CHROMHMM["bin"],
        command=CHROMHMM["command"],
        code=code_of("chromhmm_binarize"),
    script:
        "../scripts/chromhmm_binarize.py"


rule chromhmm_learn:
    """Learn the states of one replicate over all its cell types."""
    input:
        binary="<results>/chromhmm/binary/{replicate}",
        sizes="<results>/check/chrom.sizes",
    output:
        directory("<results>/chromhmm/model/{replicate}"),
    log:
        "<logs>/chromhmm_learn/{replicate}.log",
    benchmark:
        "<benchmarks>/chromhmm_learn/{replicate}.jsonl"
    wildcard_constraints:
        replicate=one_of(CHIP_REPLICATES),
    conda:
        "../envs/chromhmm.yaml"
    threads: 4
    resources:
        mem_mb=learn_mb,
        runtime=minutes(1440),
    params:
        states=CHROMHMM["states"],
        bin_size=CHROMHMM["bin"],
        command=CHROMHMM["command"],
        code=code_of("chromhmm_learn"),
    script:
        "../scripts/chromhmm_learn.py"


rule chromhmm_segments:
    """Align and name the states of all replicates, and write their segments."""
    input:
        models=[f"<results>/chromhmm/model/{name}" for name in CHIP_REPLICATES],
        sizes="<results>/check/chrom.sizes",
    output:
        segments=[*SEGMENTATIONS.values()],
        states=[f"<results>/chromhmm/{name}.states.json" for name in CHIP_REPLICATES],
        emissions=[
            f"<results>/chromhmm/{name}.emissions.tsv" for name in CHIP_REPLICATES
        ],
        transitions=[
            f"<results>/chromhmm/{name}.transitions.tsv" for name in CHIP_REPLICATES
        ],
    log:
        "<logs>/chromhmm_segments.log",
    benchmark:
        "<benchmarks>/chromhmm_segments.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        replicates=CHIP_REPLICATES,
        pairs=[*SEGMENTATIONS],
        names=CHROMHMM["names"],
        code=code_of("chromhmm_segments"),
    script:
        "../scripts/chromhmm_segments.py"


rule chromhmm:
    """The segmentations of every cell type and replicate with ChIP-seq."""
    input:
        SEGMENTATIONS.values(),
    localrule: True
