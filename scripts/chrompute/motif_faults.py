"""What the block `motifs` may ask for that is not there."""

from chrompute.settings import Settings


def motif_faults(settings: Settings) -> list[str]:
    """List what is wrong with the block `motifs`, one sentence each."""
    block, models = settings.config["motifs"], settings.config["models"]
    readers = [
        name
        for name, entry in models.items()
        if entry["kind"] == "network" and "sequence" in entry["inputs"]
    ]
    faults = [
        f"configuration: motifs/models: {name!r} is no network that reads DNA (those are "
        f"{', '.join(readers) or 'none'}); correct it"
        for name in block["models"]
        if name not in readers
    ]
    if faults:
        return faults
    for cell_type in block["cell_types"] or ():
        if cell_type not in settings.cell_types:
            faults.append(
                f"configuration: motifs/cell_types: {cell_type!r} is no cell type of the sample "
                "sheet; correct it"
            )
    for task, names in (block["classes"] or {}).items():
        for model in block["models"]:
            predicted = {t.name: t for t in settings.tasks_of_model(model)}
            if task not in predicted or predicted[task].kind != "segmentation":
                faults.append(
                    f"configuration: motifs/classes: {task!r} is no segmentation task of model "
                    f"{model!r}; correct it"
                )
            else:
                faults += [
                    f"configuration: motifs/classes: {name!r} is no class of task {task!r}; "
                    f"choose of {', '.join(predicted[task].classes)}"
                    for name in names
                    if name not in predicted[task].classes
                ]
    return faults
