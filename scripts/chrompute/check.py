"""The first minute: every input is opened and compared with the genome, before any work.

`inspect_inputs` collects all faults of one run instead of stopping at the first, because a user
who has to start the workflow ten times to learn of ten faults will not start it an eleventh time.
"""

import logging
from pathlib import Path

from chrompute.check_chip import chip_paths, inspect_chip, program_faults
from chrompute.check_genome import inspect_digests, inspect_genome
from chrompute.check_reads import inspect_reads
from chrompute.check_regions import inspect_regions
from chrompute.check_sources import inspect_sources
from chrompute.chip_sheet import segmentation_paths
from chrompute.errors import InputError
from chrompute.findings import Findings
from chrompute.genome import is_excluded, read_aliases
from chrompute.manifest import write_json
from chrompute.settings import Settings
from chrompute.sheets import is_url
from chrompute.simulate.design import Design
from chrompute.simulate.products import is_simulated
from chrompute.split_faults import split_faults
from chrompute.splits import Split

logger = logging.getLogger(__name__)


def input_paths(settings: Settings) -> list[str]:
    """List every file on disk that a configuration names, each once, sheets first."""
    config = settings.config
    genome = config.get("genome", {})
    paths = [config.get("samples"), config.get("labels")]
    paths += [
        genome.get(name) for name in ("fasta", "sizes", "blacklist", "mappability", "aliases")
    ]
    paths += [site.get("path") for site in config.get("sites", {}).values()]
    paths += config.get("peaks", {}).get("files", {}).values()
    paths += [path for sample in settings.samples for path in sample.paths if not is_url(path)]
    paths += [sample.barcodes for sample in settings.samples]
    paths += [label.path for label in settings.labels]
    paths += [entry["candidates"].get("path") for entry in config.get("windows", {}).values()]
    paths += [(config.get("chromhmm") or {}).get("sheet"), *chip_paths(settings.chips)]
    if config.get("simulation"):
        paths.append(config["simulation"]["motifs"])
    paths.append(config.get("motifs", {}).get("known"))
    return list(dict.fromkeys(path for path in paths if path))


def simulated_paths(settings: Settings) -> list[str]:
    """List the files among `input_paths` that the run itself simulates."""
    return [path for path in input_paths(settings) if is_simulated(settings.config, path)]


def made_paths(settings: Settings) -> list[str]:
    """List the files among `input_paths` that the run makes: simulated ones, and segmentations.

    A segmentation needs no check when it is made: it is written sorted and without overlaps, on
    the genome's chromosomes, and its names are compared with the tasks before a run.
    """
    segmentations = segmentation_paths(settings.config, settings.chips).values()
    return [*simulated_paths(settings), *(p for p in input_paths(settings) if p in segmentations)]


def inspect_inputs(
    settings: Settings,
    index_folder: str | Path | None,
    simulated: bool = False,
    fetched: bool = False,
) -> Findings:
    """Open and compare every input file.

    Parameters
    ----------
    settings
        Configuration and sheets.
    index_folder
        Where the index of a BAM that has none is written; inputs are never written to. None
        makes no index and does without the numbers of reads.
    simulated
        Whether to look at the files that the run simulates: not before they are made.
    fetched
        Whether files with an address must be there; those that are not are left out otherwise.

    Returns
    -------
    Findings
        With all faults; the caller decides what to do with them.
    """
    found = Findings()
    later = [
        path
        for path in made_paths(settings)
        if not (simulated and is_simulated(settings.config, path))
    ]
    if not fetched:
        later += [place for place in settings.fetched if not Path(place).is_file()]
    missing = [p for p in input_paths(settings) if not Path(p).is_file() and p not in later]
    sheets = [settings.config.get(name) for name in ("samples", "labels")]
    sheets.append((settings.config.get("chromhmm") or {}).get("sheet"))
    found.files |= {path: {"kind": "sheet"} for path in sheets if path}
    found.faults += [f"{path}: there is no such file; correct its path" for path in missing]
    gone = {*missing, *later}
    genome = settings.config["genome"]
    aliases = _aliases(genome.get("aliases"), gone, found)
    if not (simulated or fetched):
        inspect_digests(settings, gone, found)
    if not simulated and is_simulated(settings.config, genome["fasta"]):
        found.sizes = Design.from_config(settings.config["simulation"]).sizes
    else:
        inspect_genome(genome["fasta"], genome["sizes"], gone, found)
    excluded = genome.get("exclude", [])
    if found.sizes:
        _inspect_splits(settings, found)
        found.notes += [
            f"configuration: genome/exclude: {pattern!r} matches no chromosome of the genome"
            for pattern in excluded
            if not any(is_excluded(name, [pattern]) for name in found.sizes)
        ]
    inspect_sources(settings, found)
    for sample in settings.samples:
        for path in (path for path in sample.paths if path not in gone and not is_url(path)):
            inspect_reads(path, sample, excluded, aliases, None, found)
    for path in (path for path in chip_paths(settings.chips) if path not in gone):
        inspect_chip(path, excluded, found)
    inspect_regions(settings, gone, aliases, found)
    if not found.faults and index_folder is not None:
        # Only now, since making an index takes long and leaves a file.
        for path, sample in found.unindexed:
            inspect_reads(path, sample, excluded, aliases, index_folder, found)
    return found


def check_inputs(
    settings: Settings,
    folder: str | Path,
    simulated: bool = False,
    fetched: bool = False,
    programs: bool = False,
) -> Findings:
    """Inspect all inputs, write down what was seen, and raise when there is a fault.

    Parameters
    ----------
    settings
        Configuration and sheets.
    folder
        Where `inputs.json` is written (`simulated.json` with simulated files, `fetched.json` with
        fetched ones), and `index/` for BAMs that have no index.
    simulated, fetched
        As in `inspect_inputs`.
    programs
        Whether to see that the programs of optional stages run here.

    Raises
    ------
    InputError
        With every fault that was found; nothing is written then.
    """
    folder = Path(folder)
    found = inspect_inputs(settings, folder / "index", simulated, fetched)
    found.faults += program_faults(settings) if programs else []
    for note in found.notes:
        logger.warning("note: %s", note)
    if found.faults:
        raise InputError(found.faults)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"chromosomes": found.sizes, "notes": found.notes, "files": found.files}
    name = "simulated" if simulated else "fetched" if fetched else "inputs"
    write_json(content, folder / f"{name}.json")
    logger.info("%d files checked, no fault", len(found.files))
    return found


def _aliases(path: str | None, gone: set[str], found: Findings) -> dict[str, str]:
    if path is None or path in gone:
        return {}
    try:
        return read_aliases(path)
    except InputError as error:
        found.faults += error.faults
        return {}


def _inspect_splits(settings: Settings, found: Findings) -> None:
    excluded = settings.config["genome"]["exclude"]
    sizes = {name: size for name, size in found.sizes.items() if not is_excluded(name, excluded)}
    for name, entry in settings.config["windows"].items():
        split = Split.from_config(entry["split"], entry["width"])
        labelled = settings.cell_types_of_windows(name)
        faults = split_faults(split, sizes, settings.cell_types, labelled)
        found.faults += [f"configuration: windows/{name}: {fault}" for fault in faults]
