"""Training a network from files to files: in this process, or in several that share each batch.

Several processes are started by torch's launcher, each as a new interpreter that runs this
module on the job written as JSON. They talk to each other over the loopback interface only, and
end when the process that started them ends.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chrompute.errors import ChromputeError, InputError
from chrompute.genome import read_genome
from chrompute.model_files import sample_facts, save_network
from chrompute.recipe import Recipe
from chrompute.runs import run_recipe
from chrompute.whole_files import written_whole
from chrompute.window_files import read_windows

logger = logging.getLogger(__name__)

#: Begins the lines of a child process that are shown as they come; their level comes next.
_MARK = "chrompute: "
#: Lines of other output that are shown where the processes end with an error.
_LAST_LINES = 40


@dataclass(frozen=True)
class TrainingJob:
    """The training of one network from files to files; plain values, so that JSON holds it.

    Attributes
    ----------
    recipe
        The fields of `chrompute.recipe.Recipe`.
    windows, fragments, genome
        Files to read; `genome` is None where the model does not read it.
    seed, checkpoints, code
        As in `chrompute.runs.run_recipe`.
    weights, card, history, predictions
        Files to write.
    logs
        Folder of TensorBoard logs, where the recipe asks for them.
    """

    recipe: Mapping[str, Any]
    windows: str
    fragments: Sequence[str]
    genome: str | None
    seed: int
    checkpoints: str
    code: str
    weights: str
    card: str
    history: str
    predictions: str
    logs: str


def train(job: TrainingJob) -> None:
    """Train a network and write all that comes of it, in as many processes as the recipe says.

    Raises
    ------
    InputError
        As `chrompute.runs.run_recipe` does.
    """
    processes = job.recipe["training"]["devices"]
    if processes == 1:
        _train_here(job)
    else:
        _train_in_processes(job, processes)


def _train_here(job: TrainingJob) -> None:
    """Train; of several processes that do so together, the first one writes."""
    recipe = _recipe_of(job.recipe)
    trained = run_recipe(
        recipe,
        read_windows(job.windows),
        recipe.read_stores(job.fragments),
        read_genome(job.genome) if job.genome else None,
        job.seed,
        job.checkpoints,
        job.code,
        job.logs,
    )
    if _rank() > 0:
        return
    with written_whole(job.history) as part:
        trained.history.to_csv(part, sep="\t", index=False)
    with written_whole(job.predictions) as part:
        trained.predictions.to_parquet(part, index=False)
    card = trained.card | {"stores": sample_facts(job.fragments)}
    save_network(trained.network, card, job.weights, job.card)
    trained.discard_checkpoints()


def _recipe_of(values: Mapping[str, Any]) -> Recipe:
    """Build a recipe from its fields, whose tuples JSON made lists."""
    tasks = {task: tuple(classes) for task, classes in values["tasks"].items()}
    samples = tuple(tuple(sample) for sample in values["samples"])
    tuples = {name: tuple(values[name]) for name in ("inputs", "train_on", "permute")}
    return Recipe(**{**values, **tuples, "tasks": tasks, "samples": samples})


def _rank() -> int:
    """Return the number of this process among those that train together."""
    return int(os.environ.get("RANK", "0"))


def _train_in_processes(job: TrainingJob, processes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="chrompute-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(asdict(job)))
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
                   "--local-addr=127.0.0.1", f"--nproc-per-node={processes}",
                   "-m", "chrompute.training_job", str(path)]  # fmt: skip
        with subprocess.Popen(
            command,
            env=_environment(job.recipe["training"]["threads"]),
            stdin=subprocess.PIPE,  # closes when this process ends, however it ends
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                others = _relay(process)
            finally:
                process.terminate()
        faults = [json.loads(found.read_text()) for found in sorted(Path(folder).glob("fault-*"))]
    if faults:
        raise InputError(faults[0])
    if process.returncode:
        raise RuntimeError(
            f"the {processes} training processes ended with code {process.returncode}:\n"
            + "\n".join(others)
        )


def _relay(process: subprocess.Popen[str]) -> deque[str]:
    """Log what the processes tell of training; return the last of what else they write."""
    others: deque[str] = deque(maxlen=_LAST_LINES)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(_MARK):
            level, text = line.removeprefix(_MARK).rstrip().split(" ", 1)
            logger.log(logging.getLevelNamesMapping()[level], "%s", text)
        else:
            others.append(line.rstrip())
    process.wait()
    return others


def _environment(threads: int) -> dict[str, str]:
    """Return the environment of the processes: this library, and the loopback interface."""
    library = str(Path(__file__).parents[1])
    paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": str(threads),
        "GLOO_SOCKET_IFNAME": "lo",
        "NCCL_SOCKET_IFNAME": "lo",
    }
    return {**os.environ, **own}


def _end_with_parent() -> None:
    """End this process when its standard input closes, so that none is left training alone."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(path: str) -> None:
    """Train as one of several processes.

    Parameters
    ----------
    path
        The job as JSON. A fault of the input is written beside it.
    """
    _end_with_parent()
    logging.basicConfig(format=f"{_MARK}%(levelname)s %(message)s", stream=sys.stdout)
    logging.getLogger("chrompute").setLevel(logging.ERROR if _rank() else logging.INFO)
    try:
        _train_here(TrainingJob(**json.loads(Path(path).read_text())))
    except ChromputeError as error:
        faults = error.faults if isinstance(error, InputError) else [str(error)]
        Path(path).with_name(f"fault-{_rank()}.json").write_text(json.dumps(faults))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
