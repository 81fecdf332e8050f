"""What training says while it runs."""

import logging
import time
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

logger = logging.getLogger(__name__)


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
        """Say it, when it is time: only then is the device waited for."""
        now = time.monotonic()
        done = trainer.global_step - self.steps_before
        if now - self.said < self.seconds or not done or not trainer.is_global_zero:
            return
        self.said = now
        rate = done / (now - self.begun)
        left = (pl_module.steps - trainer.global_step) / rate
        logger.info(
            "epoch %d of %d, %d %%, %.0f windows/s, loss %.3f, about %s left",
            trainer.current_epoch + 1,
            trainer.max_epochs,
            100 * (batch_idx + 1) / trainer.num_training_batches,
            rate * pl_module.rules.step_size,
            pl_module.last_loss(),
            f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s",
        )
