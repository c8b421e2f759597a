"""A large file is loaded without holding it twice, and saved without a copy.

Measured in a process of its own, on Linux: VmHWM, the most memory that was resident at once (tensors, pages of the
mapped file and everything else). It is reset before and read after, so only the growth counts.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MEGABYTES = 64
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
    lamina.synchronize()  # arrays on their way to the device are there
    return now("VmHWM") - before, kept

what, megabytes, *paths = sys.argv[1:]
sizes = [int(megabytes) // 2] + [int(megabytes) // 8] * 4
for path in paths:
    warm = os.path.join(os.path.dirname(path), "warm" + os.path.splitext(path)[1])
    io.save({f"{number}": lamina.zeros(4) for number in range(len(sizes))}, warm)
    io.load(warm)
    os.unlink(warm)
state = {f"{number}": lamina.full((size * 2**18,), number + 1.0) for number, size in enumerate(sizes)}
kept = [state if what == "save" else None]  # what is freed would be memory for the next
for path in paths:
    if what == "save":
        assert [x[-1].item() for x in state.values()] == [1, 2, 3, 4, 5]  # all are there
    growth, found = peak(lambda: io.save(state, path) if what == "save" else io.load(path))
    kept.append(found)
    if what == "load":
        assert [x[-1].item() for x in found.values()] == [1, 2, 3, 4, 5]
    print(growth)
"""


def measured(what, paths):
    command = [sys.executable, "-c", PROGRAM, what, str(MEGABYTES), *map(str, paths)]
    # What is freed goes back to the system at once: otherwise it would serve the next, or stay and count with it.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    return dict(zip([path.suffix for path in paths], map(float, run.stdout.split()), strict=True))


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_loading_needs_the_file_once_and_saving_nothing(tmp_path):
    paths = [tmp_path / f"large{suffix}" for suffix in (".lamina", ".pt", ".safetensors", ".npz")]
    saving, loading = measured("save", paths), measured("load", paths)
    for path in paths:
        path.unlink()
    assert max(saving.values()) < 24, saving  # a copy of the largest tensor would be 32; NumPy writes 16 at once
    # The largest tensor is half of the file: held twice, it would show.
    assert all(MEGABYTES * 0.9 < growth < MEGABYTES * 1.25 for growth in loading.values()), loading
