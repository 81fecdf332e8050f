"""Functions of the browser of reports: which loci and tracks it shows."""


def task_of_browser(cell_type):
    """The first task with classes that a cell type has labels of; None without one."""
    return next(
        (
            task
            for entry in config["windows"].values()
            for task in map(settings.task, entry["tasks"])
            if task.classes and cell_type in settings.labelled_cell_types(task.name)
        ),
        None,
    )


def windows_of_browser(wildcards):
    """The window set of which one window a class is shown; none where loci are named."""
    task = task_of_browser(wildcards.cell_type)
    if config["report"]["loci"] or task is None:
        return []
    return [f"<results>/windows/{windows_of_task(task.name)}.parquet"]


def classes_of_browser(wildcards):
    """The arguments of `loci_of_classes`."""
    task = task_of_browser(wildcards.cell_type)
    titles = {} if task is None else dict(task.titles)
    name = None if task is None else task.name
    return {"task": name, "titles": titles, "split": config["evaluation"]["split"]}


def state_colours(label):
    """{state of a label file: the colour of its class}."""
    task = settings.task(label.task)
    own = task_colours(task.name, task.classes)
    return {state: own[name] for state, name in task.class_of.items() if name}


def tracks_of_browser(wildcards):
    """What `BrowserTrack` needs to know of each of `files_of_session`, but its path."""
    labels = {label.path: label for label in settings.labels}
    segments = {
        f"<results>/predictions/{name}/{wildcards.cell_type}.{segments_name(task)}": classes
        for name, plan in PREDICTIONS.items()
        for task, classes in plan.tasks.items()
    }
    found = []
    for path, title, colour, share in zip(
        files_of_session(wildcards),
        titles_of_session(wildcards),
        colours_of_session(wildcards),
        probabilities_of_session(wildcards),
        strict=True,
    ):
        colours = state_colours(labels[path]) if path in labels else {}
        if path in segments:
            colours = dict(task_colours(None, segments[path]))
        track = {"title": title, "colour": colour or (0, 0, 178), "colours": colours}
        found.append(track | {"is_share": share})
    return found


def browser_of(cell_type):
    """The data of the browser, where there is a locus to show."""
    there = config["report"]["loci"] or task_of_browser(cell_type)
    return [f"<results>/reports/data/{cell_type}.loci.json"] * bool(there)
