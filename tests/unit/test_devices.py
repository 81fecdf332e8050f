"""What is asked of the machine before training."""

import platform
import subprocess
import sys

import pytest

from helpers import ROOT

FAULTS = """
import resource
import torch
from chrompute.devices import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(24_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
torch.set_num_threads(1)
faults()
plain = faults()
keep_memory(torch.device("cuda"))
print(plain, faults())
keep_memory(torch.device("cpu"))
faults()
print(faults())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is a setting of glibc")
def test_large_tensors_on_the_cpu_take_the_memory_of_those_before_them() -> None:
    """Tensors of 96 MB are taken and left; the system hands out pages each time, or only once."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    plain, still, kept = map(int, done.stdout.split())
    assert still > plain / 2
    assert kept < plain / 10
