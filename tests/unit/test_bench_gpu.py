"""The benchmark for GPUs runs without one, on no more than it says it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench/gpu.py"
#: What a machine that only trains may lack.
LACKING = ("pandas", "pyarrow", "sklearn", "snakemake", "pysam", "numba", "jsonschema")
PROGRAM = """
import runpy, sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_it_runs_on_a_cpu_with_torch_numpy_lightning_and_safetensors() -> None:
    command = [sys.executable, "-c", PROGRAM, ",".join(LACKING), str(SCRIPT)]
    options = ["--device", "cpu", "--quick", "--fragments", "200000"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("| 20 x 16 bp | 16 | 32 | no |") for line in lines)
    assert any(line.startswith("| sequence codes | 16 |") for line in lines)
    assert sum(line.endswith("| equal |") for line in lines) == 1
    assert sum(line.endswith("| equal bits |") for line in lines) == 1
