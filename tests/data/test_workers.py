"""DataLoader with worker processes."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import lamina
from lamina import data
from lamina.data import launch, pool
from tests.data import sets
from tests.data.test_collate import plain
from tests.data.test_dataloader import batches, middle

ROOT = Path(__file__).parent.parent.parent
TWO = {"num_workers": 2}


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if os.path.exists("/proc") else True
    )


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_batches_are_those_without_workers():
    for options in ({"batch_size": 5}, {"batch_size": None, "sampler": [3, 1]}):
        assert batches(data.DataLoader(sets.Squares(), **options, **TWO)) == batches(
            data.DataLoader(sets.Squares(), **options)
        )


def test_arrays_stay_arrays_and_tensors_are_tensors():
    first, second, *_ = list(data.DataLoader(sets.Squares(), 4, collate_fn=sets.arrays, **TWO))
    assert type(first["array"]) is np.ndarray
    assert type(first["tensor"]) is lamina.Tensor
    assert first["tensor"].tolist() == first["array"].tolist()
    assert second["array"][0, 0] == 16.0
    assert first["empty"].shape == (0, 2)
    assert first["text"].tolist() == ["a", "b"]
    first["array"][:] = 0  # the user's own


def test_a_tensor_dataset_is_sent_without_starting_jax():
    dataset = data.TensorDataset(lamina.arange(400).reshape(100, 4), lamina.arange(100))
    part = data.Subset(dataset, list(range(0, 100, 2)))
    loader = data.DataLoader(part, 8, shuffle=True, generator=lamina.Generator().manual_seed(2), **TWO)
    rows = [(x.tolist(), y.tolist()) for x, y in loader]
    assert all(x[0] == 4 * y for xs, ys in rows for x, y in zip(xs, ys, strict=True))
    assert sorted(y for _, ys in rows for y in ys) == list(range(0, 100, 2))
    started = [flags for batch in data.DataLoader(sets.Modules(), **TWO) for flags in batch.tolist()]
    assert started == [[False, True], [False, True]]


def test_workers_know_themselves():
    loader = data.DataLoader(
        sets.Here(), 1, collate_fn=sets.as_it_is, worker_init_fn=sets.set_note, persistent_workers=True, **TWO
    )
    first = [items[0] for items in loader]
    assert [x[:2] for x in first] == [[0, 2], [1, 2], [0, 2], [1, 2]]
    assert [x[4] for x in first] == ["worker 0", "worker 1"] * 2
    assert all(x[3] for x in first)
    assert first[1][2] == first[0][2] + 1
    second = [items[0] for items in loader]
    assert second == first  # the same processes
    assert data.get_worker_info() is None


def test_shares_of_a_stream_come_in_pytorchs_order():
    # What torch.utils.data.DataLoader of PyTorch 2.13 gives for the same stream. It forks, so it is not asked here.
    expected = [[0, 1, 2], [100, 101, 102], [3, 4, 5], [103, 104, 105], [6], [106, 107, 108], [109, 110]]
    persistent = data.DataLoader(sets.Shares(), 3, persistent_workers=True, **TWO)
    assert [x.tolist() for x in persistent] == expected
    assert [x.tolist() for x in persistent] == expected


def test_random_numbers_of_workers_differ_and_repeat():
    def drawn():
        lamina.manual_seed(4)
        return [batch.tolist() for batch in data.DataLoader(sets.Noise(), 4, **TWO)]

    first = drawn()
    assert first == drawn()
    flat = np.array(first).reshape(-1, 4)[:, 1:]
    assert len(np.unique(flat)) == flat.size


@pytest.mark.parametrize("trouble", ["raise_error", "raise_own_class", "give_a_lambda"])
def test_an_error_comes_with_the_workers_traceback(trouble):
    loader = data.DataLoader(sets.Troubled(trouble), 4, **TWO)
    kind = {"raise_error": KeyError, "raise_own_class": RuntimeError, "give_a_lambda": sets.UnpicklableError}[trouble]
    iterator = iter(loader)
    next(iterator)
    with pytest.raises(kind) as caught:
        next(iterator)
    text = str(caught.value)
    assert text.startswith("Caught ")
    assert "in DataLoader worker process 1.\nOriginal Traceback (most recent call last):\n" in text
    assert f"in {trouble}" in text
    assert plain(next(iterator))[1]["index"] == plain(data.default_collate([8, 9, 10, 11]))  # and it goes on


def test_an_error_while_a_worker_is_set_up():
    with pytest.raises(ValueError) as caught:
        next(iter(data.DataLoader(sets.Squares(), worker_init_fn=sets.fail, **TWO)))
    assert "worker 0 will not" in str(caught.value)


@pytest.mark.parametrize(("trouble", "code"), [("leave", "exit code 3"), ("be_killed", "exit code -9 (SIGKILL)")])
def test_a_dead_worker_is_told_of_at_once(trouble, code):
    loader = data.DataLoader(sets.Troubled(trouble), 4, **TWO)
    iterator = iter(loader)
    pids = [worker.process.pid for worker in loader._epoch.pool.mailbox.workers]
    started = time.monotonic()
    with pytest.raises(RuntimeError) as caught:
        list(iterator)
    assert time.monotonic() - started < 5
    assert str(caught.value).startswith(f"DataLoader worker (pid {pids[1]}, {code}) exited unexpectedly.")
    until(lambda: not any(map(alive, pids)))
    assert len(batches(data.DataLoader(sets.Squares(), 4, **TWO))) == 3  # others go on


def test_a_slow_worker_runs_out_of_time():
    loader = data.DataLoader(sets.Troubled("sleep"), 6, num_workers=1, timeout=0.5)
    started = time.monotonic()
    with pytest.raises(RuntimeError) as caught:
        next(iter(loader))
    assert str(caught.value) == "DataLoader timed out after 0.5 seconds"
    loader._epoch.pool.mailbox.grace = 0.2
    loader._epoch.pool.close()
    assert time.monotonic() - started < 5


def test_a_loop_that_is_left_leaves_no_process():
    loader = data.DataLoader(sets.Squares(100), **TWO)
    iterator = iter(loader)
    next(iterator)
    pids = [worker.process.pid for worker in loader._epoch.pool.mailbox.workers]
    assert all(map(alive, pids))
    del iterator
    until(lambda: not any(map(alive, pids)))
    assert loader.state_dict()["batches"] == 1  # it still knows


@pytest.mark.parametrize("end", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_an_interrupted_script_leaves_no_process(end, tmp_path):
    seen = tmp_path / "pids"
    script = subprocess.Popen(
        [sys.executable, "-m", "tests.data.sets", str(seen)],
        cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    until(lambda: seen.exists() and len(seen.read_text().split()) > 4, 60)
    if end == signal.SIGINT:
        os.killpg(script.pid, end)  # as a terminal does
    else:
        script.kill()
    _, errors = script.communicate(timeout=30)
    pids = {int(pid) for pid in seen.read_text().split()[:4]}
    assert len(pids) == 2
    until(lambda: not any(map(alive, pids)))
    assert "Process lamina-data" not in errors
    if end == signal.SIGINT:
        assert errors.rstrip().endswith("KeyboardInterrupt")


# --- the place ---


@pytest.mark.parametrize("count", [0, 3])
def test_the_rest_comes_again_random_numbers_too(count):
    def make():
        generator = lamina.Generator().manual_seed(9)
        return data.DataLoader(sets.Noise(), 4, shuffle=True, generator=generator, **TWO)

    state, rest, following = middle(make, count)
    assert state["batches"] == count
    loader = make()
    loader.load_state_dict(state)
    assert batches(loader) == rest
    assert batches(loader) == following


def test_workers_that_live_on_go_on():
    def make():
        generator = lamina.Generator().manual_seed(9)
        return data.DataLoader(sets.Noise(), 8, shuffle=True, generator=generator, persistent_workers=True, **TWO)

    loader = make()
    list(loader)
    between = loader.state_dict()
    state, rest, following = middle(lambda: loader, 1)
    loader.load_state_dict(state)  # its workers have gone on meanwhile
    assert batches(loader) == rest
    assert batches(loader) == following
    first = loader._epoch.pool
    other = make()
    other.load_state_dict(json.loads(json.dumps(between)))
    assert batches(other)[1:] == rest
    assert batches(other) == following
    batches_of_two = iter(loader)
    next(batches_of_two)
    batches_of_two = iter(loader)  # the first, which ends now, must not end this one
    assert len(list(batches_of_two)) == 3
    assert loader._epoch.pool is first
    assert first.alive


def test_another_number_of_workers_may_go_on():
    def make(workers):
        return data.DataLoader(
            sets.Squares(), 2, shuffle=True, generator=lamina.Generator().manual_seed(9), num_workers=workers
        )

    state, rest, _ = middle(lambda: make(2), 2)
    for workers in (0, 1):
        loader = make(workers)
        loader.load_state_dict(state)
        assert batches(loader) == rest


@pytest.mark.parametrize("count", [1, 5, 6])
def test_shares_of_a_stream_come_again(count):
    make = lambda: data.DataLoader(sets.Shares(), 3, **TWO)  # noqa: E731
    state, rest, following = middle(make, count)
    loader = make()
    loader.load_state_dict(state)
    assert batches(loader) == rest
    assert batches(loader) == following


def test_a_shared_stream_wants_as_many_workers():
    state, _, _ = middle(lambda: data.DataLoader(sets.Placed(), 3, **TWO), 1)
    assert state["workers"]["datasets"] == [{"next": 3}, None]
    loader = data.DataLoader(sets.Placed(), 3, num_workers=1)
    loader.load_state_dict(state)
    with pytest.raises(ValueError) as caught:
        iter(loader)
    assert str(caught.value) == (
        "DataLoader: the state is of a stream that 2 workers shared; this loader has num_workers=1."
    )
    loader = data.DataLoader(sets.Placed(), 3)
    loader.load_state_dict(state)
    with pytest.raises(ValueError, match="the state is of a stream that workers shared"):
        iter(loader)


def test_out_of_order_no_batch_is_lost_or_comes_twice():
    def make():
        return data.DataLoader(sets.Squares(), 1, in_order=False, persistent_workers=True, **TWO)

    loader = make()
    iterator = iter(loader)
    seen = [next(iterator)["index"].item() for _ in range(5)]
    state = json.loads(json.dumps(loader.state_dict()))
    state = {**state, "batches": 3, "early": [4, 6]}  # as if 3 and 5 had been slow
    for other in (make(), data.DataLoader(sets.Squares(), 1)):
        other.load_state_dict(state)
        rest = [batch["index"].item() for batch in other]
        assert sorted(rest) == [3, 5, 7, 8, 9, 10, 11]
    rest = [batch["index"].item() for batch in iterator]
    assert sorted(seen + rest) == list(range(12))


# --- how they are started ---


@pytest.mark.slow
def test_a_program_from_standard_input():
    pytest.importorskip("cloudpickle")
    code = """
from lamina.data import DataLoader, Dataset
class Own(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return -index
print([x.tolist() for x in DataLoader(Own(), 2, num_workers=1)], __file__)
"""
    run = subprocess.run([sys.executable, "-"], cwd=ROOT, input=code, capture_output=True, text=True, timeout=120)
    assert (run.stdout.strip(), run.stderr) == ("[[0, -1], [-2, -3]] <stdin>", "")


def test_functions_that_pickle_does_not_take():
    pytest.importorskip("cloudpickle")
    loader = data.DataLoader(sets.Squares(), 6, collate_fn=lambda items: len(items), **TWO)
    assert list(loader) == [6, 6]


def test_without_cloudpickle_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(Exception, match="lambda") as caught:
        iter(data.DataLoader(sets.Squares(), collate_fn=lambda items: items, **TWO))
    assert caught.value.__notes__ == [
        "Workers are processes of their own: dataset, collate_fn and worker_init_fn are pickled for them. Define "
        "them at the top level of a module, install cloudpickle, or use num_workers=0 or "
        'multiprocessing_context="fork".'
    ]


@pytest.mark.slow
def test_other_ways_to_start():
    code = """
import lamina, warnings
from lamina import data
from tests.data import sets
if __name__ == "__main__":
    warnings.simplefilter("ignore")
    lamina.ones(2).tolist()
    for method, collate in (("spawn", sets.as_it_is), ("fork", lambda items: items)):
        loader = data.DataLoader(sets.Here(), 1, collate_fn=collate, num_workers=1, multiprocessing_context=method)
        print([items[0][0] for items in loader])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.stdout.split("\n"), run.stderr) == (["[0, 0, 0, 0]", "[0, 0, 0, 0]", ""], "")


@pytest.mark.slow
def test_a_script_without_a_guard_is_told(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from lamina.data import DataLoader\nprint(len(list(DataLoader([1, 2], num_workers=1))))\n")
    run = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120,
    )  # fmt: skip
    assert run.returncode == 1
    assert 'a script that uses workers must do so under `if __name__ == "__main__":`' in run.stderr


def test_what_a_notebook_defines_wants_cloudpickle(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    monkeypatch.setattr(launch, "_is_interactive", lambda: True)
    own = type("Own", (sets.Squares,), {"__module__": "__main__", "__qualname__": "Own"})
    monkeypatch.setattr(sys.modules["__main__"], "Own", own, raising=False)
    assert len(list(data.DataLoader(sets.Squares(), 6, num_workers=1))) == 2
    with pytest.raises(RuntimeError) as caught:
        iter(data.DataLoader(own(), num_workers=1))
    assert str(caught.value) == (
        "DataLoader: workers cannot import what was defined in a notebook or at a prompt. Put it into a file, or "
        "install cloudpickle."
    )


def test_a_worker_that_cannot_start_leaves_nothing_open(monkeypatch):
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc") else 0
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    for _ in range(3):
        with pytest.raises(Exception, match="lambda"):
            pool.Pool((lambda: 0), 1, 2, 0, None, None)
    gc.collect()
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 2
