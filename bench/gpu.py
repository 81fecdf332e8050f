"""Time batches, training and prediction on a GPU, and compare what it computes with the CPU.

    python bench/gpu.py [--device cpu] [--quick] [--fragments 100000000]

It needs torch, numpy, lightning and safetensors only, makes its own data and takes less than five
minutes. Fragments are made up (made_up.py): ATAC and MNase, about 200 in a window of 2001 bp each.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "bench")]

from made_up import CLASSES, WIDTH, Experiment, Store, brute_force  # noqa: E402

from chrompute.dataset import WindowData  # noqa: E402
from chrompute.devices import choose_device, make_deterministic  # noqa: E402
from chrompute.fit import train_network  # noqa: E402
from chrompute.image_grid import ImageGrid  # noqa: E402
from chrompute.inference import STEP_FACTOR, predict_logits  # noqa: E402
from chrompute.losses import Objective  # noqa: E402
from chrompute.network_spec import NetworkSpec  # noqa: E402
from chrompute.networks import build_network  # noqa: E402
from chrompute.optimisation import adamw  # noqa: E402
from chrompute.training_rules import TrainingRules  # noqa: E402
from chrompute.training_step import Place, StepWindows, draw_part, part_loss  # noqa: E402

GRIDS = {
    "20 x 16 bp": ImageGrid(WIDTH, 0, 300, 20, 16),
    "4 x 4 bp": ImageGrid(WIDTH, 0, 300, 4, 4),
    "1 x 1 bp": ImageGrid(WIDTH, 0, 300, 1, 1),
}
RULES = TrainingRules(
    epochs=1, batch_size=32, learning_rate=1e-3, weight_decay=0.05, label_smoothing=0.1,
    jitter=20, threads=torch.get_num_threads(), device="cpu", precision="bfloat16",
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """One row of the table of training: pixels, channels, windows in a batch, compiled or not."""

    pixels: str
    channels: int
    batch: int
    compiled: bool = False


def seconds(action: Callable[[], object], device: torch.device, least: float) -> float:
    """Return the median time of a call, over rounds that take `least` seconds together.

    On CUDA a round is ten calls between two events: in between, nothing waits for the device but
    what asks how many fragments a batch shows, which training need not.
    """
    for _ in range(3):
        action()
    calls = 10 if device.type == "cuda" else 1
    taken: list[float] = []
    while calls * sum(taken) < least or len(taken) < 3:
        begun = time.perf_counter()
        if device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
        for _ in range(calls):
            action()
        elapsed = time.perf_counter() - begun
        if device.type == "cuda":
            end.record()
            end.synchronize()
            elapsed = begin.elapsed_time(end) / 1000
        taken.append(elapsed / calls)
    return statistics.median(taken)


def batch_rows(experiment: Experiment, batch: int, least: float) -> Iterator[tuple[object, ...]]:
    """Time sparse and dense batches at full resolution, and sequence codes."""
    image = experiment.data(GRIDS["1 x 1 bp"]).images["vplot"]
    ids = experiment.ids[:batch]
    still = torch.zeros_like(ids)
    ways: dict[str, Callable[[Tensor, Tensor, Tensor], object]] = {
        "sparse batches": image.sparse,
        "dense batches, 300 x 2001": image.counts,
        "sequence codes": experiment.sequence.codes,
    }
    for name, way in ways.items():
        taken = seconds(lambda way=way: way(ids, still, still.bool()), experiment.device, least)
        yield name, batch, f"{1 / taken:,.1f}", f"{batch / taken:,.0f}"


def training_row(experiment: Experiment, setting: Setting, least: float) -> tuple[object, ...]:
    """Time steps of training a multimodal network, and of them the drawing of the batch."""
    device, grid = experiment.device, GRIDS[setting.pixels]
    data = experiment.data(grid)
    rules = replace(RULES, batch_size=setting.batch)
    torch.manual_seed(0)
    network = build_network(spec_of(grid, setting.channels)).to(device)
    if setting.compiled:
        network.all_logits = torch.compile(network.all_logits)
    objective = Objective(data.labels, data.weights, experiment.ids, data.inputs, rules)
    optimizer = adamw(network, objective, rules)
    generator = torch.Generator(device)
    ids, place = experiment.ids[: setting.batch], Place(1, 0, 0)
    windows = StepWindows(ids, ids.cpu().numpy())
    data.allow_shifts(rules.jitter)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
            loss = part_loss(network, data, objective, windows, place, generator)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    def draw() -> None:
        drawn = draw_part(windows, rules, place, generator)
        data.draw(drawn.ids, drawn.shift, drawn.reverse, drawn.keep, generator, rows=drawn.rows)

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    taken, drawing = seconds(step, device, least), seconds(draw, device, least)
    peak = f"{torch.cuda.max_memory_allocated() / 1e9:.1f}" if device.type == "cuda" else "-"
    predicting = seconds(predicting_of(network, data, experiment.ids, setting.batch), device, least)
    return (
        setting.pixels, setting.channels, setting.batch, "yes" if setting.compiled else "no",
        f"{setting.batch / taken:,.0f}", f"{100 * drawing / taken:.1f} %",
        f"{STEP_FACTOR * setting.batch / predicting:,.0f}", peak,
    )  # fmt: skip


def predicting_of(
    network: torch.nn.Module, data: WindowData, ids: Tensor, batch: int
) -> Callable[[], object]:
    """Return a call that predicts a batch on both strands in bfloat16."""

    def predict() -> None:
        with torch.autocast(ids.device.type, torch.bfloat16):
            predict_logits(network, data, ids[: STEP_FACTOR * batch], batch)

    return predict


def spec_of(grid: ImageGrid, channels: int) -> NetworkSpec:
    """Return a network that reads everything."""
    shapes = {"vplot": grid.shape, "mnase": grid.shape}
    return NetworkSpec(shapes, True, WIDTH, {"state": CLASSES}, channels=channels)


def lightning_rows(
    experiment: Experiment, setting: Setting, windows: int
) -> Iterator[tuple[object, ...]]:
    """Train two times as the workflow does, and compare the weights bit for bit."""
    grid = GRIDS[setting.pixels]
    data, spec = experiment.data(grid), spec_of(grid, setting.channels)
    role = np.full(experiment.windows, "", dtype="U5")
    role[:windows] = "train"
    rules = replace(RULES, batch_size=setting.batch, device=experiment.device.type)
    states, rates = [], []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            fitted = train_network(spec, data, role, rules, 1, folder)
            rates.append(windows / (time.perf_counter() - begun))
        states.append(fitted.network.state_dict())
    same = all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    yield "an epoch through Lightning, with all that comes before", f"{max(rates):,.0f} windows/s"
    yield "two trainings with the deterministic switch", "equal bits" if same else "DIFFERENT"


def rasteriser_row(device: torch.device, fragments: int) -> tuple[object, ...]:
    """Compare counts on the CPU, and on the device, with a brute-force count by numpy."""
    store, ids = Store.make(fragments, 1), np.arange(64)
    shift, reverse = ids - 32, ids % 2 == 0
    places, same, total = {"cpu": torch.device("cpu"), device.type: device}, True, 0
    for place in places.values():
        experiment = Experiment(fragments, len(ids), place)
        for grid in GRIDS.values():
            image = experiment.data(grid).images["vplot"]
            chosen = [torch.from_numpy(each).to(place) for each in (ids, shift, reverse)]
            counts = image.counts(*chosen).cpu().numpy()
            starts = experiment.starts + shift
            expected = brute_force(store, experiment.chrom, starts, reverse, grid)
            same &= np.array_equal(counts, expected)
            total += int(expected.sum())
    names = " and ".join(places)
    return f"counts of {total:,} fragments, {names} and numpy", "equal" if same else "DIFFERENT"


def table(title: str, *rows: tuple[object, ...]) -> None:
    """Print a Markdown table, the first row being its head."""
    print(f"\n{title}\n")
    for number, row in enumerate(rows):
        print("| " + " | ".join(map(str, row)) + " |")
        if number == 0:
            print("|" + "---|" * len(row))
    sys.stdout.flush()


def settings_of(device: torch.device, quick: bool) -> list[Setting]:
    """Return the rows of the table of training, the most telling first."""
    if quick:
        return [Setting("20 x 16 bp", 16, 32)]
    if device.type == "cpu":
        return [Setting("20 x 16 bp", channels, 64) for channels in (32, 64)]
    eager = [Setting("20 x 16 bp", 64, batch) for batch in (4096, 1024, 256)]
    more = [Setting("4 x 4 bp", 64, 1024), Setting("20 x 16 bp", 128, 4096)]
    return [*eager, replace(eager[0], compiled=True), *more]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--quick", action="store_true", help="look whether it works, in seconds")
    parser.add_argument("--fragments", type=int, help="in each of the two stores")
    options = parser.parse_args()
    begun = time.monotonic()
    device = choose_device(options.device)
    on_cuda = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if on_cuda else f"CPU, {RULES.threads} threads"
    fragments = options.fragments or (100_000_000 if on_cuda else 1_000_000)
    windows = 400_000 if on_cuda else 2_000
    least = 0.05 if options.quick else 2.0
    print(f"{name}; torch {torch.__version__}; 2 x {fragments:,} fragments, 2001 bp; bfloat16 by "
          "autocast, float32 without TF32")  # fmt: skip
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    experiment = Experiment(fragments, windows, device)
    held = sum(store.nbytes() for store in experiment.stores)
    print(f"stores take {held / 1e9:.2f} GB, {held / (2 * fragments):.2f} bytes a fragment")
    batch = 16 if options.quick else 512
    head = ("what", "windows in a batch", "batches/s", "windows/s")
    table("Batches", head, *batch_rows(experiment, batch, least))
    settings = settings_of(device, options.quick)
    rows = []
    for setting in settings:
        if time.monotonic() - begun < 200:  # compiling may take long
            rows.append(training_row(experiment, setting, least))
    head = ("pixels", "channels", "batch", "compiled", "training windows/s",
            "of it drawing batches", "prediction windows/s, both strands", "peak GB")  # fmt: skip
    table("V-plot, MNase and DNA, bfloat16", head, *rows)
    make_deterministic(device)
    trained = min(windows, 100 * settings[0].batch) if not options.quick else 64
    checks = [rasteriser_row(device, 200_000), *lightning_rows(experiment, settings[0], trained)]
    table("Checks", ("what", "result"), *checks)
    print(f"\n{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
