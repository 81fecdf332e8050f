"""Running ChromHMM: alignments become binary marks, and these a model with its segments.

The program is Jason Ernst and Manolis Kellis' (Nature Methods 2012, 9:215; Nature Protocols 2017,
12:2478). Its wrappers in Debian and in Bioconda split arguments at blanks, so it runs in a folder
of its own, on links with plain names.
"""

import logging
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from chrompute.errors import InputError

logger = logging.getLogger(__name__)

#: What the program is called in Debian and in Bioconda.
PROGRAMS = ("ChromHMM", "ChromHMM.sh")
#: Share of a job's memory that Java may use for its heap.
_HEAP = 0.8
_REMEDY = (
    "install it (Debian: chromhmm and default-jre-headless; Bioconda: chromhmm, or run with "
    "--sdm conda), or say in chromhmm/command how it is started"
)


@dataclass(frozen=True)
class Start:
    """How the program is started.

    Attributes
    ----------
    command
        The configuration's `chromhmm/command`; None looks for the names of `PROGRAMS`.
    memory_mb
        Memory of the job, MB.
    """

    command: str | None = None
    memory_mb: int = 1000

    def words(self) -> list[str]:
        """Return the words that start the program.

        Raises
        ------
        InputError
            When there is no such program.
        """
        if self.command is None:
            found = [name for name in PROGRAMS if shutil.which(name)]
            if not found:
                raise InputError(f"ChromHMM is not installed; {_REMEDY}")
            return found[:1]
        words = shlex.split(self.command)
        if not words or shutil.which(words[0]) is None:
            raise InputError(
                f"configuration: chromhmm/command: there is no program {self.command!r}; {_REMEDY}"
            )
        # The program runs in another folder.
        return [str(Path(word).resolve()) if Path(word).is_file() else word for word in words]

    def version(self) -> str:
        """Return the program's version.

        Raises
        ------
        InputError
            When it is not there, or does not run, as without Java.
        """
        words = self.words()
        answer = subprocess.run(
            [*words, "Version"], env=self._environment(), text=True, capture_output=True
        )
        lines = answer.stdout.splitlines()
        if answer.returncode or not lines:
            detail = " ".join(answer.stderr.split()) or f"exit code {answer.returncode}"
            raise InputError(f"{' '.join(words)} does not run ({detail}); {_REMEDY}")
        return lines[-1].removeprefix("This is Version ").partition(" ")[0]

    def run(self, arguments: Sequence[str], folder: Path) -> None:
        """Run one mode of the program in a folder and log what it says, line by line.

        Raises
        ------
        InputError
            When it fails, with Java's exception or its last words.
        """
        said: list[str] = []
        reason = ""
        with subprocess.Popen(
            [*self.words(), *arguments],
            cwd=folder,
            env=self._environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            for line in process.stdout or ():
                if not line.startswith("Picked up "):  # Java on its own settings
                    logger.info("%s", line.rstrip())
                    said = [*said[-2:], line.strip()]
                    # Behind it Java lists where in the program it happened.
                    reason = line.strip() if line.startswith("Exception") else reason
        if process.returncode:
            detail = reason or " / ".join(said)
            raise InputError(f"ChromHMM {arguments[0]} failed ({detail}); its log tells more")

    def _environment(self) -> dict[str, str]:
        # The one place that both wrappers leave for settings of Java.
        options = f"-Xmx{max(int(_HEAP * self.memory_mb), 100)}m -Djava.awt.headless=true"
        return {**os.environ, "_JAVA_OPTIONS": options}


@dataclass(frozen=True)
class ChipFile:
    """The alignments of one mark in one replicate of a cell type: a line of the ChIP sheet.

    Attributes
    ----------
    cell_type, mark, replicate
        What the reads are of.
    paths
        BAMs of the ChIP; several are pooled.
    controls
        BAMs of its control (input), or none.
    """

    cell_type: str
    mark: str
    replicate: str
    paths: tuple[str, ...]
    controls: tuple[str, ...]


def binarize(
    chips: Sequence[ChipFile],
    sizes: Mapping[str, int],
    bin_size: int,
    folder: str | Path,
    start: Start,
) -> None:
    """Write in which bins each mark is present (ChromHMM's BinarizeBam, with its defaults).

    A read counts where the middle of its fragment lies: of a proper pair as it is, of a single
    read 100 bp from its 5' end. A mark is present where a bin holds more reads than chance allows
    (Poisson, p = 0.0001), above the control's local density where there is one.

    Parameters
    ----------
    chips
        What the replicate has, of all cell types.
    sizes
        {chromosome: bp}; others are left out, and so are those shorter than a bin.
    bin_size
        bp of a bin.
    folder
        Where `{cell_type}_{chrom}_binary.txt.gz` go; made here.
    start
        How the program is started.

    Raises
    ------
    InputError
        When the program is not there or fails; nothing is written then.
    """
    with _workplace(folder) as work:
        lines = []
        for entry in chips:
            controls = entry.controls or ("",)
            for bam, control in product(entry.paths, controls):
                names = [_link(path, work) for path in (bam, control) if path]
                lines.append("\t".join([entry.cell_type, entry.mark, *names]))
        (work / "table.tsv").write_text("".join(f"{line}\n" for line in lines))
        _write_sizes(sizes, bin_size, work)
        options = ["-b", str(bin_size), "-mixed", "-gzip"]
        start.run(["BinarizeBam", *options, "sizes.txt", ".", "table.tsv", "made"], work)
        _hand_over(work / "made", folder, "*_binary.txt.gz")


def learn(
    binary: str | Path,
    sizes: Mapping[str, int],
    states: int,
    bin_size: int,
    threads: int,
    folder: str | Path,
    start: Start,
) -> None:
    """Learn one model over all cell types, and write their segments (ChromHMM's LearnModel).

    It begins from the marks' joint frequencies, not from random numbers: equal input gives equal
    output, whatever the number of threads.

    Parameters
    ----------
    binary
        What `binarize` wrote.
    sizes
        {chromosome: bp}.
    states
        Number of states.
    bin_size
        bp of a bin.
    threads
        Threads of the program.
    folder
        Where `emissions_*.txt`, `transitions_*.txt`, `model_*.txt`, `version.txt` and
        `{cell_type}_*_segments.bed` go; made here.
    start
        How the program is started.

    Raises
    ------
    InputError
        As `binarize`.
    """
    with _workplace(folder) as work:
        (work / "binary").symlink_to(Path(binary).resolve())
        _write_sizes(sizes, bin_size, work)
        quiet = ["-noautoopen", "-nobrowser", "-noenrich", "-noimage"]
        # The seed decides an order of summation, so that only last digits depend on it.
        options = ["-init", "information", "-s", "1", "-b", str(bin_size), "-l", "sizes.txt"]
        last = ["-p", str(threads), "binary", "made", str(states), "genome"]
        start.run(["LearnModel", *quiet, *options, *last], work)
        (work / "made/version.txt").write_text(f"ChromHMM {start.version()}\n")
        # The program's web page holds paths, and is left behind.
        _hand_over(work / "made", folder, "*.txt", "*_segments.bed")


@contextmanager
def _workplace(folder: str | Path) -> Iterator[Path]:
    """Make a folder beside the results for as long as the program runs."""
    parent = Path(folder).parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=parent) as work:
        yield Path(work)


def _link(path: str, work: Path) -> str:
    """Link a BAM into the workplace; equal files get one link, as they count once."""
    target = str(Path(path).resolve())
    known = {os.readlink(link): link.name for link in work.glob("*.bam")}
    if target not in known:
        known[target] = f"{len(known)}.bam"
        (work / known[target]).symlink_to(target)
    return known[target]


def _write_sizes(sizes: Mapping[str, int], bin_size: int, work: Path) -> None:
    lines = [f"{name}\t{size}\n" for name, size in sizes.items() if size >= bin_size]
    (work / "sizes.txt").write_text("".join(lines))


def _hand_over(made: Path, folder: str | Path, *patterns: str) -> None:
    """Move what the program wrote to where it belongs, sorted by kind."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        files = sorted(made.glob(pattern))
        if not files:
            raise InputError(
                f"ChromHMM wrote no {pattern}; its log tells why, correct the sheet or the BAMs"
            )
        for path in files:
            shutil.move(path, Path(folder) / path.name)
