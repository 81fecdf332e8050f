"""Training: the Lightning loop around a network, reproducible and resumable at every epoch.

All randomness is a function of (seed, epoch, step): the order of the windows, their jitter and
strand, and dropout. So a run that was interrupted and resumed gives the same weights as one
that was not.
"""

import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from chrompute.dataset import WindowData
from chrompute.losses import mean_loss, validation_scores
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork

logger = logging.getLogger(__name__)

_CHECKPOINT = "last.ckpt"


@dataclass(frozen=True)
class TrainingRules:
    """How a network is trained; the names are those of the configuration's `training` block."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    jitter: int
    threads: int
    device: str
    schedule: str = "one_cycle"
    precision: str = "auto"
    accumulate: int = 1
    patience: int | None = None
    thinning: float = 1.0
    auxiliary: float = 0.0
    neighbours: float = 0.0
    logit_adjustment: float = 0.0
    task_weights: str | Mapping[str, float] = field(default_factory=dict)
    devices: int = 1
    store: str = "auto"
    tensorboard: bool = False


def choose_device(name: str) -> torch.device:
    """Return the device for "auto" (CUDA where present), "cpu" or "cuda"."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class EpochOrder(Sampler[int]):
    """The training windows in an order that depends on the seed and the epoch alone."""

    def __init__(self, ids: Tensor, seed: int) -> None:
        self.ids = ids
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(_seed_of(self.seed, self.epoch, 0))
        return iter(self.ids[torch.randperm(len(self.ids), generator=generator)].tolist())


def _seed_of(seed: int, epoch: int, step: int) -> int:
    """Mix three numbers into one seed."""
    return int(np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0] >> 1)


class WindowTraining(lightning.LightningModule):
    """One network, its data and its optimiser.

    Parameters
    ----------
    network
        The network.
    data
        Inputs and labels of all windows.
    valid
        int64: windows that are scored after each epoch.
    rules
        Training settings.
    seed
        Seed of everything random.
    steps
        Optimiser steps in all, for the learning-rate schedule.
    """

    def __init__(
        self,
        network: ChromatinNetwork,
        data: WindowData,
        valid: Tensor,
        rules: TrainingRules,
        seed: int,
        steps: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.data = data
        self.valid = valid
        self.rules = rules
        self.seed = seed
        self.steps = steps
        self.history: list[dict[str, float]] = []
        self._losses: list[Tensor] = []

    def training_step(self, ids: Tensor, step: int) -> Tensor:
        """Draw a batch of windows, jittered and on a random strand, and return its loss."""
        seed = _seed_of(self.seed, self.current_epoch, step + 1)
        torch.manual_seed(seed)  # dropout
        generator = torch.Generator().manual_seed(seed)
        jitter = self.rules.jitter
        shift = torch.randint(-jitter, jitter + 1, ids.shape, generator=generator)
        reverse = torch.rand(ids.shape, generator=generator) < 0.5
        batch = self.data.draw(ids, shift.to(ids.device), reverse.to(ids.device))
        labels = {task: values[ids] for task, values in self.data.labels.items()}
        weights = {task: values[ids] for task, values in self.data.weights.items()}
        loss = mean_loss(self.network(batch), labels, weights, self.rules.label_smoothing)
        self._losses.append(loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        """Score the validation windows and add a line to the history."""
        line: dict[str, float] = {"epoch": self.current_epoch + 1}
        line["train_loss"] = float(torch.stack(self._losses).mean())
        line |= validation_scores(self.network, self.data, self.valid, self.rules.batch_size)
        self._losses.clear()
        self.history.append(line)
        scores = ", ".join(f"{k.replace('_', ' ')} {v:.4f}" for k, v in line.items())
        logger.info("%s", scores.replace(".0000", ""))

    def configure_optimizers(self) -> Any:
        """AdamW under a one-cycle schedule."""
        optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.rules.learning_rate,
            weight_decay=self.rules.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.rules.learning_rate, total_steps=self.steps, pct_start=0.15
        )
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the history with the weights."""
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the history back."""
        self.history = list(checkpoint["history"])


class Progress(Callback):
    """Says every few seconds how far training is, how fast, and how long it will take."""

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self.begun = self.said = time.monotonic()
        self.steps_before = 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Note where a resumed run begins."""
        self.begun = self.said = time.monotonic()
        self.steps_before = trainer.global_step

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say it, when it is time."""
        now = time.monotonic()
        if now - self.said < self.seconds:
            return
        self.said = now
        done = trainer.global_step - self.steps_before
        rate = done / (now - self.begun)
        left = (pl_module.steps - trainer.global_step) / rate
        logger.info(
            "epoch %d of %d, %d %%, %.0f windows/s, loss %.3f, about %s left",
            trainer.current_epoch + 1,
            trainer.max_epochs,
            100 * (batch_idx + 1) / trainer.num_training_batches,
            rate * pl_module.rules.batch_size,
            float(outputs["loss"]),
            f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s",
        )


def train_network(
    spec: NetworkSpec,
    data: WindowData,
    role: npt.NDArray[np.str_],
    rules: TrainingRules,
    seed: int,
    checkpoints: str | Path,
) -> tuple[ChromatinNetwork, pd.DataFrame]:
    """Train one network on the windows whose role is "train".

    Parameters
    ----------
    spec
        What to build.
    data
        Inputs and labels, on the device that `rules` names.
    role
        (n_windows,): "train", "valid" or anything else (`chrompute.recipe.Recipe.fit_role`).
    rules
        Training settings.
    seed
        Seed of everything random.
    checkpoints
        Folder for the state after each epoch. A state found there is resumed. The caller
        removes the folder once what comes back is safe on disk.

    Returns
    -------
    network
        On the CPU, in evaluation mode.
    history
        One line an epoch: losses and scores on the validation windows.
    """
    torch.set_num_threads(rules.threads)
    device = choose_device(rules.device)
    lightning.seed_everything(seed, verbose=False)
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic cuBLAS
        torch.use_deterministic_algorithms(True, warn_only=True)
    chosen = {name: torch.from_numpy(np.flatnonzero(role == name)) for name in ("train", "valid")}
    loader: DataLoader[int] = DataLoader(
        range(len(role)),  # type: ignore[arg-type]  # ids are all that a batch holds
        batch_size=rules.batch_size,
        sampler=EpochOrder(chosen["train"], seed),
    )
    module = WindowTraining(
        ChromatinNetwork(spec),
        data,
        chosen["valid"].to(device),
        rules,
        seed,
        steps=rules.epochs * len(loader),
    )
    size = sum(parameter.numel() for parameter in module.network.parameters())
    logger.info(
        "%s parameters, %d training and %d validation windows, %s",
        f"{size:,}", len(chosen["train"]), len(chosen["valid"]), device,
    )  # fmt: skip
    _fit(module, loader, rules, device, Path(checkpoints))
    return module.network.cpu().eval(), pd.DataFrame(module.history)


def _fit(
    module: WindowTraining,
    loader: DataLoader[int],
    rules: TrainingRules,
    device: torch.device,
    folder: Path,
) -> None:
    saver = ModelCheckpoint(
        dirpath=folder,
        filename=_CHECKPOINT.removesuffix(".ckpt"),
        save_top_k=1,
        every_n_epochs=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    trainer = lightning.Trainer(
        max_epochs=rules.epochs,
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        callbacks=[Progress(), saver],
        gradient_clip_val=1.0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    resumed = _usable_checkpoint(folder / _CHECKPOINT)
    with warnings.catch_warnings():
        # The data are on the device already: workers would have nothing to do.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory.*")
        trainer.fit(module, loader, ckpt_path=resumed, weights_only=True)


def _usable_checkpoint(path: Path) -> str | None:
    """Return the path of a whole checkpoint; one that was cut off while written is removed."""
    if not path.is_file():
        return None
    try:
        state: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged file makes the reader raise
        logger.warning("%s is damaged (%s); training begins anew", path, type(error).__name__)
        path.unlink()
        return None
    logger.info("resuming after epoch %d from %s", state["epoch"] + 1, path)
    return str(path)
