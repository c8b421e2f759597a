"""A large file is loaded without holding it twice, and saved without a copy.

Measured in a process of its own, on Linux: VmHWM, the most memory that was resident at once (tensors, pages of the mapped
file and everything else), after resetting it before and reading it after; so that only the growth counts.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

MEGABYTES = 96
"""Of the file: half of it one tensor, half of it a few."""

PROGRAM = """
import gc, os, sys
import lamina
from lamina import io

def now(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

def peak(function):
    gc.collect()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak is what is resident now
    before = now("VmRSS")
    kept = function()
    return now("VmHWM") - before, kept

what, path, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
sizes = [megabytes // 2] + [megabytes // 8] * 4
warm = os.path.join(os.path.dirname(path), "warm" + os.path.splitext(path)[1])
io.save({f"{number}": lamina.zeros(4) for number in range(len(sizes))}, warm)
io.load(warm)
os.unlink(warm)
if what == "save":
    state = {f"{number}": lamina.full((size * 2**18,), number + 1.0) for number, size in enumerate(sizes)}
    assert [x[-1].item() for x in state.values()] == [1, 2, 3, 4, 5]  # all are there
    growth, _ = peak(lambda: io.save(state, path))
else:
    growth, state = peak(lambda: io.load(path))
    assert [x[-1].item() for x in state.values()] == [1, 2, 3, 4, 5]
print(growth)
"""


def measured(what, path):
    command = [sys.executable, "-c", PROGRAM, what, str(path), str(MEGABYTES)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return float(run.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("suffix", [".lamina", ".pt", ".safetensors", ".npz"])
def test_loading_needs_the_file_once_and_saving_nothing(suffix, tmp_path):
    path = tmp_path / f"large{suffix}"
    saving = measured("save", path)
    loading = measured("load", path)
    path.unlink()
    assert saving < MEGABYTES / 4, (saving, loading)
    assert MEGABYTES * 0.9 < loading < MEGABYTES * 1.25, (saving, loading)  # its largest tensor is half of the file
