"""Where networks train and predict: the device, its arithmetic, and what to do without memory."""

import ctypes
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from chrompute.errors import InputError

logger = logging.getLogger(__name__)

#: What is said when there is no memory left, by torch's allocators on the host and by CUDA.
_NO_HOST_MEMORY = ("not enough memory", "can't allocate memory", "cannot allocate memory")
_NO_CUDA_MEMORY = ("cuda out of memory", "cuda error: out of memory", "status_alloc_failed")

#: Numbers of mallopt's settings (malloc.h of glibc).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: Bytes above which memory is given back to the system at once. Before glibc 2.35 the most is the
#: second one.
_LARGE, _LARGE_ONCE = 1 << 30, 1 << 25


class MemoryAdvice(NamedTuple):
    """What to change where the memory of this machine or of the CUDA device is used up."""

    host: str
    cuda: str


_SMALLER_BATCHES = (
    "lower training/batch_size (and raise training/accumulate as much, which gives the same "
    "steps), or else raise images/position_bin, "
)
TRAINING_ADVICE = MemoryAdvice(
    host=f"{_SMALLER_BATCHES}or lower network/channels",
    cuda=f"{_SMALLER_BATCHES}set training/store to host, or lower network/channels",
)
PREDICTING_ADVICE = MemoryAdvice(
    host="lower batch_size (--batch-size), or give fewer windows at once",
    cuda="lower batch_size (--batch-size), or set device (--device) to cpu",
)
APPLYING_ADVICE = MemoryAdvice(
    host="lower training/batch_size of the network",
    cuda="lower training/batch_size of the network, or set its training/device to cpu",
)


def choose_device(
    name: str, doing: str = "training", setting: str = "training/device"
) -> torch.device:
    """Return the device for "auto" (CUDA where present), "cpu" or "cuda", and log it.

    Where several processes share the work, each has the CUDA device of its local rank. `doing` is
    what the log says that the device is for, and `setting` what an error calls its name.

    Raises
    ------
    InputError
        When CUDA is asked for and there is none.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise InputError(
            f"{setting} is cuda, and torch finds no CUDA device here (look at nvidia-smi, and "
            f"whether torch was installed for the CPU); mend that, or set {setting} to cpu"
        )
    if name == "cpu" or not found:
        logger.info("%s%s on the CPU", "" if name == "cpu" else "no CUDA device: ", doing)
        return torch.device("cpu")
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if number >= torch.cuda.device_count():
        raise InputError(
            f"training/devices asks for more CUDA devices than the {torch.cuda.device_count()} "
            "here; lower it"
        )
    device = torch.device("cuda", number)
    logger.info("%s on %s (%s)", doing, torch.cuda.get_device_name(device), device)
    return device


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether the precision "auto", "float32" or "bfloat16" means bfloat16 on a device."""
    if precision != "auto":
        return precision == "bfloat16"
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def make_deterministic(device: torch.device) -> None:
    """Ask torch for the same bits from the same work, and for true float32 where that is used."""
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic cuBLAS
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")


def keep_memory(device: torch.device) -> None:
    """Let this process keep the memory that tensors on the CPU have left, for the next ones.

    The C library gives large blocks back to the system as soon as they are free, and the system
    clears every page when it hands them out again. Training takes and leaves the same blocks in
    each step: without that, a step of 32 windows of 2001 bp took 16 % less time (0.16 for 0.20 s,
    one core), with the same results and 4 % more memory at most. Only glibc knows the settings.
    """
    if device.type != "cpu" or sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        if not mallopt(_MMAP_THRESHOLD, _LARGE):
            mallopt(_MMAP_THRESHOLD, _LARGE_ONCE)
        mallopt(_TRIM_THRESHOLD, _LARGE)


@contextmanager
def as_in_training(device: torch.device, threads: int) -> Iterator[None]:
    """Calculate as training does for a while: `make_deterministic`, with so many CPU threads.

    Predictions differ in their last digits by both. What torch was set to before is given back.
    """
    cudnn = torch.backends.cudnn
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        (cudnn.benchmark, cudnn.allow_tf32),
        torch.get_float32_matmul_precision(),
    )
    torch.set_num_threads(threads)
    make_deterministic(device)
    try:
        yield
    finally:
        number, deterministic, warn_only, (cudnn.benchmark, cudnn.allow_tf32), precision = before
        torch.set_num_threads(number)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.set_float32_matmul_precision(precision)


@contextmanager
def explained_memory(advice: MemoryAdvice = TRAINING_ADVICE) -> Iterator[None]:
    """Turn an allocation that failed into a message that names the settings to lower."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        text = str(error).lower()
        if isinstance(error, torch.OutOfMemoryError) or any(x in text for x in _NO_CUDA_MEMORY):
            place, remedy = "the CUDA device", advice.cuda
        elif isinstance(error, MemoryError) or any(x in text for x in _NO_HOST_MEMORY):
            place, remedy = "this machine", advice.host
        else:
            raise
        raise InputError(f"the memory of {place} is used up; {remedy}") from error
