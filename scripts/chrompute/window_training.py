"""What Lightning trains: a network, its data, its loss and its optimiser."""

import copy
import logging
import math
from collections.abc import Iterator
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from chrompute.dataset import WindowData
from chrompute.errors import InputError
from chrompute.inference import predict_logits
from chrompute.losses import Objective
from chrompute.networks import Network
from chrompute.optimisation import adamw, learning_rates
from chrompute.progress import Pace
from chrompute.training_rules import TrainingRules
from chrompute.training_step import Place, StepWindows, part_loss, part_size, parts_of, seed_of

logger = logging.getLogger(__name__)

#: The gradient's norm is clipped at this.
MAX_NORM = 1.0


class EpochSteps(Sampler[StepWindows]):
    """Which training windows make each optimiser step, by seed and epoch alone.

    Gives all windows of a step at once, and once for each batch that it is accumulated from.
    """

    def __init__(self, train: Tensor, rules: TrainingRules, seed: int) -> None:
        self.train, self.rows = train, train.cpu().numpy()
        self.rules, self.seed = rules, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return parts_of(len(self.rows), self.rules)

    def __iter__(self) -> Iterator[StepWindows]:
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.epoch, 0))
        order = torch.randperm(len(self.rows), generator=generator)
        ids, rows = self.train[order.to(self.train.device)], self.rows[order.numpy()]
        for begin in range(0, len(rows), self.rules.step_size):
            step = slice(begin, begin + self.rules.step_size)
            windows = StepWindows(ids[step], rows[step])
            for _ in range(parts_of(len(windows.rows), self.rules)):
                yield windows


class AsSampled(Dataset[StepWindows]):
    """What a loader reads: what its sampler gives is all that a batch holds."""

    def __getitem__(self, windows: StepWindows) -> StepWindows:
        return windows


class WindowTraining(lightning.LightningModule):
    """One network, its data and its optimiser.

    Parameters
    ----------
    network
        The network.
    data
        Inputs and labels of all windows.
    train, valid
        int64: windows that train, and those that are scored after each epoch.
    rules
        Training settings.
    seed
        Seed of everything random.

    Attributes
    ----------
    windows
        Windows of an epoch.
    pace
        Those of the epoch that are done, against the clock; validation is not in it.
    """

    def __init__(
        self,
        network: Network,
        data: WindowData,
        train: Tensor,
        valid: Tensor,
        rules: TrainingRules,
        seed: int,
    ) -> None:
        super().__init__()
        self.network = network
        self.objective = Objective(data.labels, data.weights, train, data.inputs, rules)
        data.allow_shifts(rules.jitter)
        self.data, self.valid, self.rules, self.seed = data, valid, rules, seed
        self.steps, self.windows = rules.steps(len(train)), len(train)
        self.pace = Pace()
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] = {}
        self._generator = torch.Generator(train.device)
        self._losses: list[Tensor] = []
        self._rate = math.nan

    def on_train_start(self) -> None:
        """Stop at once where the training that is resumed had stopped."""
        self.trainer.should_stop = self._is_stale()

    def on_train_epoch_start(self) -> None:
        """Count the windows of this epoch."""
        self.pace.begin()

    def part_of(self, windows: StepWindows, batch: int) -> int:
        """Return the windows of a batch, this process's and those of all others."""
        return part_size(len(windows.rows), batch % self.rules.accumulate, self.rules)

    def training_step(self, windows: StepWindows, batch: int) -> Tensor:
        """Return the loss of a batch, this process's part of the windows of a step."""
        step, part = divmod(batch, self.rules.accumulate)
        place = Place(
            self.seed, self.current_epoch, step, part, self.global_rank, self.trainer.world_size
        )
        loss = part_loss(self.network, self.data, self.objective, windows, place, self._generator)
        self._losses.append(loss.detach())
        self.pace.windows += self.part_of(windows, batch)
        # Lightning divides by `accumulate`, and an epoch's last step may have fewer parts.
        return loss * (self.rules.accumulate / parts_of(len(windows.rows), self.rules))

    def last_loss(self) -> float:
        """Return this process's loss of the last batch; it waits for the device.

        Raises
        ------
        InputError
            When the loss is no finite number.
        """
        return self._finite(float(self._losses[-1]))

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Note the learning rate."""
        self._rate = optimizer.param_groups[0]["lr"]

    def configure_gradient_clipping(self, *_: Any, **__: Any) -> None:
        """Clip the norm of the gradient; Lightning's own way refuses fused optimisers."""
        torch.nn.utils.clip_grad_norm_(self.parameters(), MAX_NORM)

    def on_train_epoch_end(self) -> None:
        """Score the validation windows and add a line to the history."""
        line: dict[str, float] = {"epoch": self.current_epoch + 1, "learning_rate": self._rate}
        loss = self.trainer.strategy.reduce(torch.stack(self._losses).mean(), reduce_op="mean")
        line["train_loss"] = self._finite(float(loss))
        rate = self.pace.rate()  # the device has just been waited for
        line |= self._validation()
        if self.objective.log_variance is not None:
            weights = self.objective.task_weights()
            line |= {f"weight_{task}": weight for task, weight in weights.items()}
        self._losses.clear()
        self.history.append(line)
        for log in self.loggers:
            log.log_metrics(line, step=self.current_epoch + 1)
        scores = ", ".join(f"{k.replace('_', ' ')} {v:.4g}" for k, v in line.items())
        logger.info("%s, %.0f windows/s", scores, rate)
        if self.rules.patience is not None:
            self._keep_best()
            self.trainer.should_stop = self._is_stale()

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise InputError(
                f"the training loss became {loss} in epoch {self.current_epoch + 1}; lower "
                f"training/learning_rate, which is {self.rules.learning_rate:g}"
            )
        return loss

    def _validation(self) -> dict[str, float]:
        """Score the validation windows, each process its share of them."""
        own = self.valid[self.global_rank :: self.trainer.world_size]
        sums = torch.zeros(len(self.objective.labels), 4, dtype=torch.float64, device=own.device)
        if len(own):
            with self.trainer.precision_plugin.forward_context():
                logits = predict_logits(self.network, self.data, own, self.rules.batch_size)
            sums = self.objective.validation_sums(logits, own)
        sums = self.trainer.strategy.reduce(sums, reduce_op="sum")
        return self.objective.validation_scores(sums.cpu())

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, counted from 1; NaN is above all others."""
        losses = [line["valid_loss"] for line in self.history]
        known = [math.inf if math.isnan(loss) else loss for loss in losses]
        return 1 + known.index(min(known))

    def _keep_best(self) -> None:
        if self.best_epoch == len(self.history):
            self.best = copy.deepcopy(self.network.state_dict())

    def _is_stale(self) -> bool:
        """Whether the validation loss was not lessened for as long as patience lasts."""
        patience = self.rules.patience
        if patience is None or not self.history:
            return False
        return len(self.history) - self.best_epoch >= patience

    def take_best(self) -> None:
        """Give the network the weights of its best epoch, where training chooses one."""
        if self.rules.patience is not None:
            self.network.load_state_dict(self.best)

    def configure_optimizers(self) -> Any:
        """AdamW, and the schedule of its learning rate."""
        optimizer = adamw(self.network, self.objective, self.rules)
        schedule = learning_rates(optimizer, self.rules, self.steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the history and the best weights with the last ones."""
        checkpoint["history"] = self.history
        checkpoint["best"] = self.best

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take both back."""
        self.history = list(checkpoint["history"])
        self.best = dict(checkpoint["best"])
