"""Simulate: an experiment whose truth is known, where the configuration asks for one."""


rule simulate_genome:
    """Simulate the genome with its genes, loci and motifs, and write down the rules."""
    input:
        motifs=simulated_motifs,
    output:
        fasta="<results>/simulation/genome.fa",
        index="<results>/simulation/genome.fa.fai",
        genes="<results>/simulation/genes.gtf",
        loci="<results>/simulation/truth/loci.tsv",
        motifs="<results>/simulation/truth/motifs.bed",
        rules="<results>/simulation/truth/rules.json",
    log:
        "<logs>/simulate_genome.log",
    benchmark:
        "<benchmarks>/simulate_genome.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=simulation_mb,
        runtime=minutes(30),
    params:
        design=config["simulation"],
        code=code_of("simulate_genome"),
    script:
        "../scripts/simulate_genome.py"


rule simulate_cell_type:
    """Simulate the labels of one cell type, and write its true states and nucleosomes."""
    output:
        labels=[
            f"<results>/simulation/{{cell_type}}.states.{replicate}.bed"
            for replicate in LABEL_REPLICATES
        ],
        dyads="<results>/simulation/truth/{cell_type}.dyads.bed.gz",
    log:
        "<logs>/simulate_cell_type/{cell_type}.log",
    benchmark:
        "<benchmarks>/simulate_cell_type/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=simulation_mb,
        runtime=minutes(30),
    params:
        design=config["simulation"],
        replicates=LABEL_REPLICATES,
        code=code_of("simulate_cell_type"),
    script:
        "../scripts/simulate_cell_type.py"


rule simulate_sample:
    """Simulate the alignments of one sample."""
    input:
        motifs=simulated_motifs,
    output:
        bam="<results>/simulation/{sample}.bam",
        index="<results>/simulation/{sample}.bam.bai",
        reads="<results>/simulation/truth/{sample}.reads.json",
    log:
        "<logs>/simulate_sample/{sample}.log",
    benchmark:
        "<benchmarks>/simulate_sample/{sample}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=simulation_mb,
        runtime=minutes(60),
    params:
        design=config["simulation"],
        sample=simulated_sample,
        code=code_of("simulate_sample"),
    script:
        "../scripts/simulate_sample.py"


rule simulate_marks:
    """Simulate the peaks and ChIP alignments of the marks of one cell type."""
    input:
        motifs=simulated_motifs,
    output:
        peaks=[
            f"<results>/simulation/marks/{{cell_type}}.{mark}.{replicate}.narrowPeak"
            for replicate in MARK_REPLICATES
            for mark in MARKS
        ],
        bams=[
            f"<results>/simulation/marks/{{cell_type}}.{mark}.{replicate}.bam{end}"
            for replicate in MARK_REPLICATES
            for mark in (*MARKS, "input")
            for end in ("", ".bai")
        ],
    log:
        "<logs>/simulate_marks/{cell_type}.log",
    benchmark:
        "<benchmarks>/simulate_marks/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=simulation_mb,
        runtime=minutes(60),
    params:
        design=config["simulation"],
        replicates=MARK_REPLICATES,
        code=code_of("simulate_marks"),
    script:
        "../scripts/simulate_marks.py"


rule check_simulated:
    """Open the simulated files and compare them with the genome, as any other input."""
    input:
        SIMULATED,
    output:
        "<results>/check/simulated.json",
    log:
        "<logs>/check_simulated.log",
    benchmark:
        "<benchmarks>/check_simulated.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=0),
        runtime=minutes(60),
    # No digest of the code, as in `check_fetched`.
    script:
        "../scripts/check_simulated.py"


rule nucleosome_truth:
    """Compare the called nucleosomes of a cell type with those that were planted."""
    input:
        calls="<results>/nucleosomes/{cell_type}/pooled.bed.gz",
        dyads="<results>/simulation/truth/{cell_type}.dyads.bed.gz",
    output:
        "<results>/evaluation/nucleosomes.{cell_type}.json",
    log:
        "<logs>/nucleosome_truth/{cell_type}.log",
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(15),
    params:
        code=code_of("nucleosome_truth"),
    script:
        "../scripts/nucleosome_truth.py"


rule oracle:
    """Predict the windows with what knows the simulator: no classifier need do better."""
    input:
        windows=windows_of_model,
        fragments=fragments_of_model,
        motifs=simulated_motifs,
    output:
        predictions="<results>/models/{model}/seed-{seed}/predictions.parquet",
        card="<results>/models/{model}/seed-{seed}/card.json",
    log:
        "<logs>/oracle/{model}.{seed}.log",
    benchmark:
        "<benchmarks>/oracle/{model}.{seed}.jsonl"
    wildcard_constraints:
        model=one_of(ORACLES),
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=simulation_mb,
        runtime=minutes(60),
    params:
        design=config["simulation"],
        recipe=recipe,
        code=code_of("oracle"),
    script:
        "../scripts/oracle.py"


rule bayes_bounds:
    """Write what the best possible classifier reaches on the simulated windows, or bounds on it."""
    input:
        scores=[
            f"<results>/evaluation/{model}.seed-{seed}.scores.tsv"
            for model, seed in RUNS
            if model in ORACLES
        ],
        cards=[
            f"<results>/models/{model}/seed-{seed}/card.json"
            for model, seed in RUNS
            if model in ORACLES
        ],
    output:
        "<results>/simulation/truth/bayes.json",
    log:
        "<logs>/bayes_bounds.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        code=code_of("bayes_bounds"),
    script:
        "../scripts/bayes_bounds.py"


rule simulation:
    """Everything that is simulated, and how what was found compares with what was planted."""
    input:
        simulation_files(),
    localrule: True
