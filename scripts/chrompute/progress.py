"""What training says while it runs."""

import logging
import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

logger = logging.getLogger(__name__)


class Pace:
    """Windows that are done, against the clock."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count windows and seconds from here on."""
        self.begun = time.monotonic()
        self.windows = 0

    def rate(self) -> float:
        """Return windows a second, all processes together; 0 while no time has gone by."""
        seconds = time.monotonic() - self.begun
        return self.windows / seconds if seconds > 0 else 0.0


class Progress(Callback):
    """Says every few seconds how far training is, how fast, and how long it will take.

    The rate is that of the epoch without its validation; the time that is left is told from the
    whole run.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self.said = time.monotonic()
        self.run = Pace()
        self.left = 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Note where a resumed run begins, and how many windows are left."""
        self.said = time.monotonic()
        self.run.begin()
        self.left = (pl_module.rules.epochs - trainer.current_epoch) * pl_module.windows

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Say it, when it is time: only then is the device waited for."""
        number = pl_module.part_of(batch, batch_idx)
        self.run.windows += number
        self.left -= number
        now = time.monotonic()
        if now - self.said < self.seconds or not trainer.is_global_zero:
            return
        self.said = now
        loss = pl_module.last_loss()
        seconds = self.left / self.run.rate() if self.run.rate() else 0.0
        logger.info(
            "epoch %d of %d, %d %%, %.0f windows/s, loss %.3f, about %s left",
            trainer.current_epoch + 1,
            trainer.max_epochs,
            100 * (batch_idx + 1) / trainer.num_training_batches,
            pl_module.pace.rate(),
            loss,
            f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s",
        )
