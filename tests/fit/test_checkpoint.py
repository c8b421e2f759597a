"""Checkpoints: a run that was ended anywhere goes on to the same bits."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import lamina
from lamina import fit, nn, optim
from lamina.fit.checkpoint import Checkpoint
from tests.fit.killed import digest

SEED = 11


@pytest.fixture(autouse=True)
def _counters():
    lamina.engine.reset()


class StopAt(fit.Callback):
    """Ends the run as a kill would: by an error that nobody expects."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, run):
        if run.step == self.step:
            raise KeyboardInterrupt


def run(folder, *callbacks, stop=None, epochs=3, data=None, seed=SEED, **options):
    """Train from what there is; the digest and the Fitted, or None if it was stopped."""
    lamina.manual_seed(seed)
    x = lamina.randn(20, 3)
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Linear(4, 1))
    data = data(x, x.sum(1, keepdim=True)) if data else (x, x.sum(1, keepdim=True))
    given = {"optimizer": partial(optim.Adam, lr=1e-2), "batch_size": 4, "loss": "mse", **options}
    checkpoint = folder if isinstance(folder, Checkpoint) else Checkpoint(folder, every=2)
    stops = [] if stop is None else [StopAt(stop)]
    try:
        fitted = fit(net, data, epochs=epochs, callbacks=[*callbacks, *stops], checkpoint=checkpoint, **given)
    except KeyboardInterrupt:
        return None
    return digest(net.state_dict(), fitted.optimizer.state_dict(), fitted.history.rows), fitted


def resumed(folder, stops, **options):
    """The digest of a run that is stopped at these steps, and goes on each time."""
    made = options.pop("callbacks", lambda: ())
    for stop in stops:
        assert run(folder, *made(), stop=stop, **options) is None
    return run(folder, *made(), **options)[0]


class Loader:
    """Batches in a random order, and nothing to ask where it stands."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __iter__(self):
        for i in lamina.randperm(5).tolist():
            yield self.x[4 * i : 4 * i + 4], self.y[4 * i : 4 * i + 4]


class NumpyLoader(Loader):
    """The same by NumPy's generator."""

    def __iter__(self):
        for i in np.random.permutation(5).tolist():
            yield self.x[4 * i : 4 * i + 4], self.y[4 * i : 4 * i + 4]


def own_generator(x, y):
    source = lamina.data.TensorDataset(x, y)
    return lamina.data.DataLoader(source, 4, shuffle=True, generator=lamina.Generator().manual_seed(3))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metrics": ["mae", "r2"], "valid": 0.2},
        {"data": Loader},
        {"data": own_generator},
        {"accumulate": 2, "clip_norm": 0.1},
        {"precision": "fp16", "optimizer": partial(optim.SGD, lr=0.1, momentum=0.9, dampening=0.1)},
    ],
    ids=["plain", "metrics", "no state", "own generator", "accumulate", "fp16"],
)
def test_it_goes_on_to_the_same_bits(tmp_path, options):
    whole, fitted = run(tmp_path / "whole", **options)
    assert resumed(tmp_path / "parts", [3, 5, 9, 12], **options) == whole
    assert len(fitted.history) == 3


def test_numpys_generator_is_put_back(tmp_path):
    digests = []
    for stops in ((), (4, 8)):
        for stop in (*stops, None):
            np.random.seed(0)
            found = run(tmp_path / str(len(stops)), stop=stop, data=NumpyLoader)
        digests.append(found[0])
    assert digests[0] == digests[1]


def test_schedules_and_best_models_go_on(tmp_path):
    schedule = optim.lr_scheduler

    def callbacks():
        return (
            fit.Schedule(partial(schedule.LinearLR, start_factor=0.1, total_iters=8), by="step"),
            fit.Schedule(partial(schedule.ReduceLROnPlateau, patience=0, threshold=10.0), monitor="loss"),
            fit.KeepBest("loss"),
            fit.EarlyStopping("loss", patience=5),
        )

    whole, _ = run(tmp_path / "whole", *callbacks(), epochs=4)
    assert resumed(tmp_path / "parts", [3, 7, 11, 16], callbacks=callbacks, epochs=4) == whole


def test_a_run_that_was_stopped_early_stays_so(tmp_path):
    def callbacks():
        return (fit.EarlyStopping("loss", patience=0, min_delta=1e9),)

    whole, fitted = run(tmp_path, *callbacks(), epochs=5)
    again, same = run(tmp_path, *callbacks(), epochs=5)
    assert whole == again
    assert fitted.why == same.why == "loss has not improved for 1 epochs"
    assert len(same.history) == 2


def test_a_finished_run_is_not_trained_again_and_can_be_prolonged(tmp_path):
    steps = []

    class Count(fit.Callback):
        def on_batch_end(self, run):
            steps.append(run.step)

    whole, _ = run(tmp_path / "whole", epochs=3)
    run(tmp_path / "a", Count(), epochs=2)
    run(tmp_path / "a", Count(), epochs=2)
    assert len(steps) == 10
    assert run(tmp_path / "a", epochs=3)[0] == whole


def test_ctrl_c_is_saved_and_goes_on(tmp_path):
    import signal

    class Press(fit.Callback):
        def on_batch_start(self, run):
            if run.step == 6:
                os.kill(os.getpid(), signal.SIGINT)

    whole, _ = run(tmp_path / "whole")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _, fitted = run(Checkpoint(tmp_path / "a"), Press())
    finally:
        signal.signal(signal.SIGINT, before)
    assert fitted.interrupted
    assert Checkpoint(tmp_path / "a").files()[-1].name == "checkpoint-000000000007.lamina"
    assert run(Checkpoint(tmp_path / "a"))[0] == whole


class Numbers(fit.Callback):
    """The second epoch is the best."""

    def on_epoch_end(self, run):
        run.row["loss"] = (3.0, 1.0, 2.0, 2.0, 2.0)[run.epoch - 1]


def test_the_best_is_copied_where_there_are_no_links(tmp_path, monkeypatch):
    def link(*names):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", link)
    saved = Checkpoint(tmp_path, keep=9, best="loss")
    run(saved, Numbers(), epochs=3)
    files = saved.files()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.lamina", *(path.name for path in files)]
    assert (tmp_path / "best.lamina").read_bytes() == files[1].read_bytes()


def test_which_files_are_kept(tmp_path):
    saved = Checkpoint(tmp_path, keep=2, best="loss")
    _, fitted = run(saved, Numbers(), epochs=5)
    names = ["best.lamina", "checkpoint-000000000020.lamina", "checkpoint-000000000025.lamina"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    best = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Linear(4, 1))
    saved.load_model(best, best=True)
    assert lamina.load(tmp_path / "best.lamina")["epoch"] == 3  # where it would go on
    last = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Linear(4, 1))
    saved.load_model(last)
    assert digest(last.state_dict()) == digest(fitted.model.state_dict()) != digest(best.state_dict())
    every = Checkpoint(tmp_path / "every", epochs=None, keep=9)
    run(every, epochs=2)
    assert [path.name for path in every.files()] == ["checkpoint-000000000010.lamina"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, damage):
    whole, _ = run(tmp_path / "whole")
    run(tmp_path / "a", stop=9)
    newest = Checkpoint(tmp_path / "a").files()[-1]
    data = bytearray(newest.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[-9] ^= 1
    elif damage == "empty":
        data = bytearray()
    newest.write_bytes(data)
    if damage == "other":
        lamina.save({"epoch": 3}, newest)
    with pytest.warns(UserWarning, match=f"{newest.name} is not used: .*The one before"):
        found, _ = run(tmp_path / "a")
    assert found == whole


def test_no_checkpoint_is_whole(tmp_path):
    (tmp_path / "checkpoint-000000000001.lamina").write_bytes(b"no")
    with pytest.warns(UserWarning, match="is not used"), pytest.raises(RuntimeError) as caught:
        run(tmp_path)
    assert str(caught.value) == (
        f"fit: none of the 1 checkpoints in {tmp_path} can be read. Delete them to begin anew, or give another folder."
    )


def test_a_checkpoint_of_another_model(tmp_path):
    run(tmp_path, epochs=1)
    with pytest.raises(RuntimeError) as caught:
        fit(nn.Linear(3, 1), (lamina.ones(4, 3), lamina.ones(4, 1)), loss="mse", checkpoint=tmp_path)
    assert caught.value.__notes__[0].endswith(
        "Was it written by another model, optimizer or data? Then give another folder."
    )


def killed(folder, kills, seed):
    """What the program prints: digests, and how often each run was killed, and how often in the middle of a write."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.fit.killed", str(folder), str(kills), str(seed)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert len({line[0] for line in lines}) == 1, result.stdout
    return sum(int(line[1]) for line in lines), sum(int(line[2]) for line in lines)


def test_killed_at_random_moments(tmp_path):
    assert killed(tmp_path, 5, 1)[0] == 5


@pytest.mark.slow
def test_killed_very_often(tmp_path):
    times, torn = killed(tmp_path, 50, 2)
    assert times == 50
    assert torn > 0  # some in the middle of a write
