"""Training: the Lightning loop around a network, reproducible and resumable at every epoch.

All randomness is a function of (seed, epoch, step): the order of the windows, their jitter and
strand, and dropout. So a run that was interrupted and resumed gives the same weights as one
that was not.
"""

import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from lightning.pytorch.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from torch import Tensor
from torch.utils.data import DataLoader

from chrompute.dataset import WindowData, ids_of
from chrompute.devices import keep_memory, make_deterministic, uses_bfloat16
from chrompute.errors import InputError
from chrompute.network_spec import NetworkSpec
from chrompute.networks import Network, build_network
from chrompute.progress import Progress
from chrompute.training_rules import TrainingRules
from chrompute.training_step import StepWindows
from chrompute.window_training import AsSampled, EpochSteps, WindowTraining

logger = logging.getLogger(__name__)
_CHECKPOINT = "last.ckpt"
#: Warnings of Lightning that tell nothing: the data are on the device, so that workers would have
#: nothing to do; it is once an epoch that something is logged; and it calls torch in an old way.
_IDLE_WARNINGS = (
    ".*does not have many workers.*",
    ".*Checkpoint directory.*",
    ".*smaller than the logging interval.*",
    ".*isinstance.treespec, LeafSpec.*",
    ".*`srun` command is available.*",
)


@dataclass(frozen=True)
class FittedNetwork:
    """What training gives.

    Attributes
    ----------
    network
        On the CPU, in evaluation mode.
    history
        One line an epoch: learning rate of its last step, losses, and scores on the validation
        windows.
    kept
        The epoch whose weights these are, counted from 1.
    """

    network: Network
    history: list[dict[str, float]]
    kept: int


def train_network(
    spec: NetworkSpec,
    data: WindowData,
    role: npt.NDArray[np.str_],
    rules: TrainingRules,
    seed: int,
    checkpoints: str | Path,
    logs: str | Path | None = None,
) -> FittedNetwork:
    """Train one network on the windows whose role is "train".

    Parameters
    ----------
    spec
        What to build.
    data
        Inputs and labels. The network is trained where the labels lie.
    role
        (n_windows,): "train", "valid" or anything else (`chrompute.recipe.Recipe.fit_role`).
    rules
        Training settings.
    seed
        Seed of everything random.
    checkpoints
        Folder for the state after each epoch. A state found there is resumed. The caller
        removes the folder once what comes back is safe on disk.
    logs
        Folder of TensorBoard logs, where `rules` asks for them.

    Raises
    ------
    InputError
        When the rules ask for what these windows or this machine do not have, or when the loss
        is no finite number any more.
    """
    torch.set_num_threads(rules.threads)
    device = next(iter(data.labels.values())).device
    make_deterministic(device)
    keep_memory(device)
    lightning.seed_everything(seed, verbose=False)
    train, valid = (ids_of(role == name, device) for name in ("train", "valid"))
    _refuse(rules, spec, data, valid)
    network = build_network(spec)
    if spec.expected:
        network.set_expected(data.mean_images(train))
    module = WindowTraining(network, data, train, valid, rules, seed)
    logger.info(
        "%s parameters, %d training and %d validation windows",
        f"{sum(p.numel() for p in network.parameters()):,}", len(train), len(valid),
    )  # fmt: skip
    resumed = _usable_checkpoint(Path(checkpoints) / _CHECKPOINT)
    loggers = _loggers(rules, logs, resumed is None)
    loader: DataLoader[StepWindows] = DataLoader(
        AsSampled(), batch_size=None, sampler=EpochSteps(train, rules, seed)
    )
    with _hushed_lightning():
        trainer = _trainer(rules, device, Path(checkpoints), loggers)
        trainer.fit(module, loader, ckpt_path=resumed, weights_only=True)
    module.take_best()
    kept = module.best_epoch if rules.patience else len(module.history)
    return FittedNetwork(network.cpu().eval(), module.history, kept)


@contextmanager
def _hushed_lightning() -> Iterator[None]:
    """Keep what Lightning says to what matters: what a run looks like is told here, in fewer words.

    Among the rest are advertisements of other packages of its makers.
    """
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        for message in _IDLE_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        yield


def _refuse(rules: TrainingRules, spec: NetworkSpec, data: WindowData, valid: Tensor) -> None:
    """Raise InputError when the rules do not fit the model, its windows or the machine."""
    faults = rules.faults(spec.tasks)
    weighty = [task for task in spec.tasks if rules.weight_of(task) > 0]
    known = any(bool((data.labels[task][valid].sum(1) > 0).any()) for task in weighty)
    if rules.patience is not None and not known:
        faults.append(
            "training/patience waits for a lower validation loss, and no validation window has a "
            "label of a task whose weight (training/task_weights) is above 0; set it to null, or "
            "let windows tune"
        )
    if faults:
        raise InputError(faults)


def _loggers(rules: TrainingRules, folder: str | Path | None, anew: bool) -> list[Logger]:
    """Return the writers of logs; a training that begins anew begins its logs anew."""
    if not rules.tensorboard or folder is None:
        return []
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    return [TensorBoardLogger(folder, name="", version="")]


def _trainer(
    rules: TrainingRules, device: torch.device, folder: Path, loggers: list[Logger]
) -> lightning.Trainer:
    saver = ModelCheckpoint(
        dirpath=folder,
        filename=_CHECKPOINT.removesuffix(".ckpt"),
        save_top_k=1,
        every_n_epochs=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    return lightning.Trainer(
        max_epochs=rules.epochs,
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=rules.devices,
        strategy="auto" if rules.devices == 1 else "ddp",
        # Said outright: inside a job of SLURM Lightning would count the job's tasks as its own.
        plugins=[LightningEnvironment() if rules.devices == 1 else TorchElasticEnvironment()],
        precision="bf16-mixed" if uses_bfloat16(rules.precision, device) else "32-true",
        accumulate_grad_batches=rules.accumulate,
        callbacks=[Progress(), saver],
        logger=loggers or False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _usable_checkpoint(path: Path) -> str | None:
    """Return the path of a whole checkpoint; one that was cut off while written is removed."""
    if not path.is_file():
        return None
    try:
        state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged file makes the reader raise
        logger.warning("%s is damaged (%s); training begins anew", path, type(error).__name__)
        path.unlink(missing_ok=True)
        return None
    logger.info("resuming after epoch %d from %s", state["epoch"] + 1, path)
    return str(path)
