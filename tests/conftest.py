"""What holds for every test: several CPU devices, no network, one thread for PyTorch, its own compilation cache."""

from __future__ import annotations

import collections
import importlib.metadata
import itertools
import os
import shutil
import socket
import tempfile
import time
from typing import Any

# JAX reads these when its first device is made, lamina when it first compiles: they must come before both. Worker
# processes of pytest-xdist inherit them, so all workers share one cache.
_OWNER = "PYTEST_XDIST_WORKER" not in os.environ
# `LAMINA_TEST_DEVICE=cuda pytest tests/ops tests/nn` computes there what PyTorch computes on the CPU: see parity.py.
_DEVICE = os.environ.get("LAMINA_TEST_DEVICE", "cpu")
if _OWNER:
    os.environ["LAMINA_CACHE_DIR"] = tempfile.mkdtemp(prefix="lamina-test-cache-")
    # Most of a test is compiling. XLA's passes over a program all run; LLVM's are left out, and fusions are written by
    # the older of XLA's two emitters, which halves the time, unless programs as users get them are asked for.
    _flags = [os.environ.get("XLA_FLAGS", ""), "--xla_force_host_platform_device_count=4"]
    if not _DEVICE.startswith("cpu"):
        os.environ.update(JAX_PLATFORMS=f"{_DEVICE},cpu", XLA_PYTHON_CLIENT_PREALLOCATE="false")
        _flags += ["--xla_gpu_autotune_level=0"]  # trying algorithms takes longer than running them once
    elif not os.environ.get("LAMINA_TEST_OPTIMISED"):
        _flags += ["--xla_backend_optimization_level=0", "--xla_cpu_parallel_codegen_split_count=1"]
        if importlib.metadata.version("jaxlib").startswith("0.10."):  # later ones have the newer emitter only
            _flags += ["--xla_cpu_use_fusion_emitters=false"]
    os.environ["XLA_FLAGS"] = " ".join(_flags).strip()
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ["MPLBACKEND"] = "agg"

import hypothesis
import numpy as np
import pytest
import torch

import lamina

torch.set_num_threads(1)
if _DEVICE != "cpu":
    lamina.backends.fp32_precision = "ieee"  # as exact as what it is compared with

# The first example of a shape compiles, so examples have no deadline. Runs that decide draw the same ones each time.
hypothesis.settings.register_profile(
    "lamina", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("lamina")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The cache goes with the process that made it."""
    if _OWNER:
        shutil.rmtree(os.environ["LAMINA_CACHE_DIR"], ignore_errors=True)


_BEGIN = time.monotonic()
_THINNED = ("ops", "nn", "utils", "optim", "distributions")
"""Names of folders in which most cases of a test wait with the slow ones."""
_KEPT = 8
"""Of so many cases one does not wait. A power of two: those that wait come by halves, see `_thin`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long slow tests are begun."""
    parser.addoption(
        "--slow-minutes",
        type=float,
        default=8.0,
        help="slow tests, and most cases of tests with many, come last, and are begun within so many minutes only "
        "(default: %(default)s)",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a slow test if the time for them is over."""
    minutes = item.config.getoption("--slow-minutes")
    if item.get_closest_marker("slow") and time.monotonic() - _BEGIN > 60 * minutes:
        pytest.skip(f"the {minutes:g} minutes within which slow tests are begun are over; see --slow-minutes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Most cases of tests with many wait with the slow ones, which come last; tests that need a GPU may be skipped."""
    turns: dict[Any, int] = {}
    cases: dict[str, list[Any]] = {}
    for item in items:
        if hasattr(item, "callspec") and item.path.parent.name in _THINNED:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for several in cases.values():
        turns.update(_thin(several))
    items.sort(key=lambda item: turns.get(item, 2 * _KEPT if item.get_closest_marker("slow") else 0))
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked:
        import jax

        if jax.default_backend() != "gpu":
            for item in marked:
                item.add_marker(pytest.mark.skip(reason="needs a GPU"))


def _thin(cases: list[Any]) -> dict[Any, int]:
    """Mark cases of a test as slow, save every eighth, and one for each value that several share and all would wait.

    Without the latter, where the last of several parameters has eight values, all cases of seven of them would wait.
    Those that wait get turns: those in the middle of each eight, then those in the quarters, then the others, so that
    whatever time there is goes to all tests alike.
    """
    cases = [item for item in cases if not item.get_closest_marker("slow")]
    values = [{(name, id(value)) for name, value in item.callspec.params.items()} for item in cases]
    counts = collections.Counter(itertools.chain.from_iterable(values))
    seen = set[tuple[str, int]]().union(*values[::_KEPT])
    turns = {}
    for number, (item, its) in enumerate(zip(cases, values, strict=True)):
        if number % _KEPT and not any(counts[value] > 1 and value not in seen for value in its):
            item.add_marker(pytest.mark.slow)
            turns[item] = _KEPT // (number & -number)
        else:
            seen |= its
    return turns


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    """Reaching another machine is an error, so a test that would need the network fails at once and everywhere."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def local(host: object) -> bool:
        return host is None or str(host) in ("localhost", "127.0.0.1", "::1", "")

    def guarded_connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not local(address[0]):
            raise RuntimeError(f"The network is off in tests: connect to {address}.")
        connect(self, address)

    def guarded_look_up(host: object, *args: object, **kwargs: object) -> object:
        if not local(host):
            raise RuntimeError(f"The network is off in tests: look up {host}.")
        return look_up(host, *args, **kwargs)

    socket.socket.connect, socket.getaddrinfo = guarded_connect, guarded_look_up
    yield
    socket.socket.connect, socket.getaddrinfo = connect, look_up


@pytest.fixture(autouse=True)
def _begin():
    """Every test begins with the same random numbers and no compilations noted, in whatever order tests run."""
    lamina.engine.reset()
    np.random.seed(0)
    torch.manual_seed(0)
    lamina.manual_seed(0)
