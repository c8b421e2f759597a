"""The benchmarks compare like with like, and their table says what was measured."""

from __future__ import annotations

import itertools

import pytest

from benchmarks import loops, models, networks, run, timing
from benchmarks.apart import Contender


@pytest.mark.parametrize("name", ["small50", "digits"])
def test_contenders_train_alike(name):
    steps = {who: models.CONTENDERS[who](models.ROWS[name]) for who in ("lamina", "torch", "limit")}
    losses = {who: [timing.read(step()) for _ in range(10)] for who, step in steps.items()}
    assert losses["torch"][-1] < losses["torch"][0]
    assert losses["lamina"] == pytest.approx(losses["torch"], rel=1e-4)
    assert losses["limit"] == pytest.approx(losses["torch"], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_networks_train_alike(name):
    network = networks.NETWORKS[name]
    begin = networks.start(network)
    steps = {who: make(network, begin) for who, make in networks.CONTENDERS.items()}
    losses = {who: [timing.read(step()) for _ in range(4)] for who, step in steps.items()}
    assert losses["torch"][-1] < losses["torch"][0]
    assert losses["lamina"] == pytest.approx(losses["torch"], rel=1e-3)
    assert losses["limit"] == pytest.approx(losses["torch"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", loops.LOOPS)
def test_loops_train_alike(name):
    steps = {who: make(loops.LOOPS[name]) for who, make in loops.CONTENDERS.items()}
    losses = {who: [timing.read(step()) for _ in range(30)] for who, step in steps.items()}  # more than an epoch of 28
    assert losses["torch"][-1] < losses["torch"][0]
    assert losses["lamina"] == pytest.approx(losses["torch"], rel=1e-3)


def test_forward_results_agree():
    for name in ("forward", "forward_read"):
        results = {
            who: timing.read(models.CONTENDERS[who](models.ROWS[name])()) for who in ("lamina", "torch", "limit")
        }
        assert results["lamina"] == pytest.approx(results["torch"], rel=1e-5)
        assert results["limit"] == pytest.approx(results["torch"], rel=1e-5)


def test_ratio_is_the_median_of_rounds():
    times = {"lamina": [1.0, 2.0, 30.0], "torch": [2.0, 8.0, 3.0]}
    assert timing.ratio(times, "lamina", "torch") == 0.5
    assert timing.ratio(times, "lamina", "limit") is None


def test_loud_rounds_are_left_out(monkeypatch):
    elsewhere = iter(
        [0.0, 99.0, 99.0, 99.0, 99.0, 99.0, 99.0, 99.0]
    )  # read before and after each round; the first is loud
    monkeypatch.setattr(timing, "_busy_elsewhere", lambda contenders: next(elsewhere))
    noise: list[float] = []
    kept = timing.quiet_rounds(lambda turn: {"turn": turn}, 2, noise)
    assert kept == [{"turn": 1}, {"turn": 2}]
    assert noise == [0.0]


def counting(begin):
    return itertools.count(begin).__next__ if begin >= 0 else None


def test_contenders_wait_in_processes_of_their_own():
    found = {name: Contender(counting, begin) for name, begin in (("a", 5.0), ("b", 7.0))}
    assert {name: contender.answer() for name, contender in found.items()} == {"a": 5.0, "b": 7.0}
    times = timing.interleave(found, 2, 0.001)
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 2, "b": 2}
    assert all(second > 0 for seconds in times.values() for second in seconds)
    assert all(contender.processor_seconds() > 0 for contender in found.values())
    failing = Contender(counting, -1)
    with pytest.raises(RuntimeError, match="'NoneType' object is not callable"):
        failing.answer()
    for contender in (*found.values(), failing):
        contender.close()


def test_table():
    times = {"lamina": [1e-4, 1e-4], "torch": [4e-4, 4e-4], "limit": [8e-5, 8e-5]}
    rows = {"small50": run.report("small50", times), "recording": run.report("recording", {"lamina": [1.5e-6]})}
    lines = run.table({"machine": {"processor": "A processor", "threads": 2}, "rows": rows}).splitlines()
    assert lines[0] == "| training step | lamina | PyTorch | `jax.jit` by hand | lamina / PyTorch | lamina / by hand |"
    assert lines[2] == "| 10-32-64-1, batch 50 | 100 us | 400 us | 80 us | 0.25 (0.30) | 1.25 (1.60) |"
    assert lines[6] == "| recording one operation | 1.5 us (at most 2 us) | | |"
    assert lines[-1] == "Medians; goals in brackets. A processor; threads 2."


def test_table_goes_between_the_marks(tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{run.MARKS[0]}\nold\n{run.MARKS[1]}\nafter\n")
    for _ in range(2):
        run.write_into(page, "new")
    assert page.read_text() == f"before\n{run.MARKS[0]}\nnew\n{run.MARKS[1]}\nafter\n"
