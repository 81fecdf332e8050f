"""Functions of the rules that predict."""

from chrompute.prediction_names import probability_name, segments_name, shown_classes
from chrompute.prediction_plan import plan_prediction
from chrompute.state_colours import class_colours

PREDICTIONS = {name: plan_prediction(name, settings) for name in config["predictions"]}
PREDICTED = list(
    dict.fromkeys(unit for plan in PREDICTIONS.values() for unit in plan.samples)
)
PREDICTED_TASKS = list(
    dict.fromkeys(task for plan in PREDICTIONS.values() for task in plan.tasks)
)
#: How classes are called in file names, {task}.{class}, and what they are.
PREDICTED_CLASSES = {
    f"{task}.{name}": (task, name)
    for plan in PREDICTIONS.values()
    for task, classes in plan.tasks.items()
    for name in classes
}


def prediction_files():
    """All files that the configuration's predictions ask for."""
    return [
        f"<results>/{path}"
        for plan in PREDICTIONS.values()
        for unit in plan.samples
        for path in plan.products(unit)
    ]


def plan_of(wildcards):
    return PREDICTIONS[wildcards.model]


def model_of_prediction(wildcards):
    """The files of the model, its own card first."""
    return list(plan_of(wildcards).files)


def read_by_prediction(wildcards):
    """{assay: samples that are read}."""
    return dict(plan_of(wildcards).samples[wildcards.sample])


def fragments_of_prediction(wildcards):
    """The stores of all assays, in the order of `read_by_prediction`."""
    samples = [name for own in read_by_prediction(wildcards).values() for name in own]
    return [f"<results>/fragments/{name}.parquet" for name in samples]


def genome_of_prediction(wildcards):
    reads = "sequence" in plan_of(wildcards).inputs
    return genome_file(wildcards) if reads else []


def regions_of_prediction(wildcards):
    regions = config["predictions"][wildcards.model]["regions"] or []
    return [path for path in regions if Path(path).is_file()]


def prediction_options(wildcards):
    """What decides which places are predicted, and how."""
    keys = ("step", "regions", "match_depth", "allow_outside", "allow_changed")
    return {key: config["predictions"][wildcards.model][key] for key in keys}


#: Cores of a job that predicts: parts of the genome are predicted side by side.
PREDICTION_CORES = 4


def prediction_threads(wildcards):
    """At least as many cores as one part needs, to have the bits of the evaluation."""
    return max(plan_of(wildcards).threads, PREDICTION_CORES)


def prediction_mb(wildcards, input, attempt):
    """Memory: torch and a batch, the genome, the fragments (about 60 bytes each), and a piece."""
    return int(attempt * (SNAKEMAKE_MB + 2500 + 4 * genome_mb() + 30 * input.size_mb))


def colours_of_prediction(wildcards):
    return task_colours(wildcards.task, plan_of(wildcards).tasks[wildcards.task])


def task_colours(task, classes):
    """{class: its colour}; what the configuration says of a task counts where it has its classes."""
    known = config["tasks"].get(task)
    same = known and set(settings.task(task).classes) == set(classes)
    return class_colours(classes, known if same else None)


def predicted_class(wildcards):
    """Task and class of a file's name."""
    return PREDICTED_CLASSES[wildcards.name]


# IGV


def igv_tracks(cell_type):
    """Tracks of a cell type: of its pools where they have some, else of its samples."""
    pooled = [assay for own, assay in settings.pooled_tracks if own == cell_type]
    files = []
    for sample in settings.samples_of(cell_type):
        if sample.assay not in pooled:
            files += files_of_tracks(sample.name, tracks_of(sample))
    for assay in pooled:
        files += files_of_tracks(
            f"{cell_type}.{assay}", tracks_of_pool(cell_type, assay)
        )
    return files


def igv_labels(cell_type):
    """The label files of a cell type, {path: how it is called}; bigWigs and BEDs."""
    return {
        label.path: f"{settings.task(label.task).title}, labels {label.replicate}"
        for label in settings.labels
        if label.cell_type == cell_type and label.task in config["tasks"]
    }


def igv_predictions(cell_type):
    """The predictions of a cell type, {path: how it is called}; segments before probabilities."""
    return {
        f"<results>/predictions/{name}/{cell_type}.{own}": f"{name}: {text}"
        for name, plan in PREDICTIONS.items()
        if cell_type in plan.samples
        for task in plan.tasks
        for own, text in igv_names(task, plan.tasks[task]).items()
    }


def igv_names(task, classes):
    """{end of a file's name: how its track is called} of one task's predictions."""
    return {segments_name(task): f"{task}"} | {
        probability_name(task, name): f"{task}, {name}"
        for name in shown_classes(classes)
    }


def files_of_session(wildcards):
    labels = existing(igv_labels(wildcards.cell_type))
    return igv_tracks(wildcards.cell_type) + labels + predictions_of_session(wildcards)


def predictions_of_session(wildcards):
    return list(igv_predictions(wildcards.cell_type))


def titles_of_session(wildcards):
    """How the tracks of `files_of_session` are called."""
    cell_type = wildcards.cell_type
    labels, predictions = igv_labels(cell_type), igv_predictions(cell_type)
    tracks = [
        Path(path).name.removesuffix(".bw").replace(".", " ")
        for path in igv_tracks(cell_type)
    ]
    return [
        *tracks,
        *(labels[path] for path in existing(labels)),
        *predictions.values(),
    ]


def colours_of_session(wildcards):
    """The colours of the tracks of `files_of_session`: probabilities have that of their class."""
    own = {
        f"<results>/predictions/{name}/{wildcards.cell_type}.{probability_name(task, chosen)}": colour
        for name, plan in PREDICTIONS.items()
        for task, classes in plan.tasks.items()
        for chosen, colour in task_colours(task, classes).items()
    }
    return [own.get(path) for path in files_of_session(wildcards)]


def probabilities_of_session(wildcards):
    """Which of `files_of_session` hold probabilities."""
    own = predictions_of_session(wildcards)
    return [
        path in own and path.endswith(".bw") for path in files_of_session(wildcards)
    ]


def igv_genome(wildcards):
    """What IGV knows the genome by."""
    return config["genome"]["fasta"] or config["genome"]["assembly"] or "custom"
