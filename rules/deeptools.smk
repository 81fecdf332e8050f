"""deepTools: the standard pictures of enrichment, agreement and signal at TSS."""


rule tss_bed:
    """Write the usable TSS for deepTools."""
    input:
        sizes="<results>/check/chrom.sizes",
        sites=tss_file,
        blacklist=blacklist,
        aliases=alias_table,
    output:
        "<results>/quality/tss.bed",
    log:
        "<logs>/tss_bed.log",
    conda:
        "../envs/assays.yaml"
    threads: 1
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
    params:
        tss=tss_entry,
        exclude=config["genome"]["exclude"],
        code=code_of("tss_bed"),
    script:
        "../scripts/tss_bed.py"


rule tss_heatmap:
    """Draw the coverage of the ATAC samples of one cell type at each TSS."""
    input:
        tracks=coverage_of_cell_type,
        sites="<results>/quality/tss.bed",
    output:
        matrix="<results>/quality/{cell_type}.tss_matrix.gz",
        png=report(
            "<results>/quality/{cell_type}.tss_heatmap.png",
            caption="../report/tss_heatmap.rst",
            category="Quality",
            labels={"cell type": "{cell_type}", "figure": "coverage at each TSS"},
        ),
    log:
        "<logs>/tss_heatmap/{cell_type}.log",
    benchmark:
        "<benchmarks>/tss_heatmap/{cell_type}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 2
    resources:
        mem_mb=memory(2000, per_mb=1),
        runtime=minutes(60),
    params:
        names=atac_names_of_cell_type,
        code=code_of_rules("deeptools"),
    shell:
        """
        exec >{log:q} 2>&1
        computeMatrix reference-point -S {input.tracks:q} -R {input.sites:q} -b 2000 -a 2000 -bs 50 \
            --missingDataAsZero --samplesLabel {params.names:q} -p {threads} -o {output.matrix:q}
        plotHeatmap -m {output.matrix:q} -o {output.png:q} --refPointLabel TSS --regionsLabel TSS \
            --colorMap viridis --legendLocation none --heatmapWidth 8 --heatmapHeight 14 --xAxisLabel "distance (bp)" --yAxisLabel "mean coverage" --dpi 110
        """


rule fingerprint:
    """Draw how unevenly the reads of one sample lie on the genome."""
    input:
        bams=reads_of_sample,
    output:
        png=report(
            "<results>/quality/{sample}.fingerprint.png",
            caption="../report/fingerprint.rst",
            category="Quality",
            labels={"sample": "{sample}", "figure": "fingerprint"},
        ),
        metrics="<results>/quality/{sample}.fingerprint.tsv",
        counts="<results>/quality/{sample}.fingerprint.counts.tsv",
    log:
        "<logs>/fingerprint/{sample}.log",
    benchmark:
        "<benchmarks>/fingerprint/{sample}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 2
    resources:
        mem_mb=memory(2000, per_mb=0),
        runtime=minutes(120),
    params:
        names=bam_names,
        made=made_index,
        mapq=config["fragments"]["min_mapq"],
        code=code_of_rules("deeptools"),
    shell:
        # deepTools looks for an index beside the BAM only; the inputs' folder is never written to.
        """
        exec >{log:q} 2>&1
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        n=0
        for bam in {input.bams:q}; do
            ln -s "$(realpath "$bam")" "$folder/$(printf %03d $n).bam"
            for index in {params.made:q}."$n.csi" "$bam.bai" "$bam.csi" "${{bam%.bam}}.bai"; do
                if [ -e "$index" ]; then
                    ln -s "$(realpath "$index")" "$folder/$(printf %03d $n).bam.${{index##*.}}"
                    break
                fi
            done
            n=$((n + 1))
        done
        plotFingerprint -b "$folder"/*.bam --labels {params.names:q} -plot {output.png:q} \
            --outQualityMetrics {output.metrics:q} --outRawCounts {output.counts:q} --numberOfSamples 4000 --skipZeros \
            --minMappingQuality {params.mapq} --samFlagExclude 3844 -p {threads} --plotTitle {wildcards.sample:q}
        """


rule bigwig_correlation:
    """Correlate the tracks of all samples of one assay in bins."""
    input:
        tracks=bigwigs_of_assay,
    output:
        bins=temp("<results>/quality/{assay}.bins.npz"),
        png=report(
            "<results>/quality/{assay}.bigwigs.png",
            caption="../report/bigwig_correlation.rst",
            category="Quality",
            labels={"assay": "{assay}", "figure": "correlation of tracks"},
        ),
        matrix="<results>/quality/{assay}.bigwigs.tsv",
    log:
        "<logs>/bigwig_correlation/{assay}.log",
    benchmark:
        "<benchmarks>/bigwig_correlation/{assay}.jsonl"
    conda:
        "../envs/assays.yaml"
    threads: 2
    resources:
        mem_mb=memory(2000, per_mb=1),
        runtime=minutes(120),
    params:
        names=names_of_assay,
        bin_size=config["quality"]["bin_size"],
        code=code_of_rules("deeptools"),
    shell:
        """
        exec >{log:q} 2>&1
        multiBigwigSummary bins -b {input.tracks:q} --labels {params.names:q} -bs {params.bin_size} \
            -p {threads} -o {output.bins:q}
        plotCorrelation -in {output.bins:q} -c spearman -p heatmap --plotNumbers --skipZeros \
            --plotTitle {wildcards.assay:q} -o {output.png:q} --outFileCorMatrix {output.matrix:q}
        """
