"""Callbacks: when they are called, and what those that come with lamina do."""

from __future__ import annotations

import csv
import io
import math
import os
import signal
from functools import partial

import numpy as np
import pytest

import lamina
from lamina import fit, nn, optim
from lamina.fit.callback import EVENTS
from lamina.fit.watch import Watch
from lamina.optim import lr_scheduler


@pytest.fixture(autouse=True)
def _counters():
    lamina.engine.reset()


BATCHES = [(lamina.full((4, 2), float(i)), lamina.full((4, 1), 1.0)) for i in range(2)]
SGD = partial(optim.SGD, lr=0.1)


def train(*callbacks, epochs=3, data=BATCHES, **options):
    lamina.manual_seed(0)
    return fit(nn.Linear(2, 1), data, loss="mse", epochs=epochs, callbacks=callbacks, **{"optimizer": SGD, **options})


class Numbers(fit.Callback):
    """Puts numbers of its own into the rows."""

    def __init__(self, *values, name="valid_loss"):
        self.values, self.name = values, name

    def on_epoch_end(self, run):
        run.row[self.name] = self.values[run.epoch - 1]


def test_events_come_in_order():
    calls = []
    Log = type(
        "Log",
        (fit.Callback,),
        {name: (lambda self, run, name=name: calls.append(name.removeprefix("on_"))) for name in EVENTS},
    )
    train(Log(), epochs=1, valid=BATCHES[:1])
    batch = ["batch_start", "before_step", "batch_end"]
    valid = ["valid_start", "valid_batch_start", "valid_batch_end", "valid_end"]
    assert calls == ["fit_start", "epoch_start", *batch, *batch, *valid, "epoch_end", "fit_end"]
    assert set(calls) == {name.removeprefix("on_") for name in EVENTS} - {"interrupt", "error"}


def test_an_error_is_told():
    calls = []

    class Bad(fit.Callback):
        def on_epoch_end(self, run):
            raise RuntimeError("broken")

        def on_error(self, run):
            calls.append(run.epoch)

        def on_fit_end(self, run):
            calls.append("end")

    with pytest.raises(RuntimeError):
        train(Bad())
    assert calls == [1]


def test_what_a_callback_sees():
    seen = []

    class Look(fit.Callback):
        def on_batch_end(self, run):
            seen.append((run.epoch, run.batch, run.batches, run.step, round(run.loss.item(), 4)))

        def on_before_step(self, run):
            assert all(p.grad is not None for p in run.model.parameters())

        def on_epoch_end(self, run):
            assert run.row["epoch"] == run.epoch
            with pytest.raises(AttributeError):
                run.lerning_rate = 1

    fitted = train(Look(), epochs=2)
    assert [x[:4] for x in seen] == [(1, 1, 2, 1), (1, 2, 2, 2), (2, 1, 2, 3), (2, 2, 2, 4)]
    assert fitted.history["loss"][1] == pytest.approx((seen[2][4] + seen[3][4]) / 2, abs=1e-3)


def test_misspelt_events_and_other_objects_are_refused():
    class Wrong(fit.Callback):
        def on_epoch_ends(self, run):
            pass

    with pytest.raises(AttributeError) as caught:
        train(Wrong())
    assert str(caught.value) == "Wrong: there is no event on_epoch_ends. Did you mean on_epoch_end?"
    with pytest.raises(TypeError) as caught:
        train(fit.TerminateOnNaN)
    assert str(caught.value).endswith("TerminateOnNaN'>: an object of the class, not the class.")


# --- ending early ---


@pytest.mark.parametrize(
    ("values", "options", "epochs"),
    [
        ([3, 2, 2.5, 2.2, 1], {"patience": 1}, 4),
        ([3, 2, 2.5, 1.9, 1], {"patience": 1}, 5),
        ([3, 2.9, 2.85, 2.8, 1], {"patience": 1, "min_delta": 0.2}, 3),
        ([3, math.nan, math.nan, 1, 1], {"patience": 1}, 3),
        ([1, 2, 1.5, 1.2, 3], {"patience": 1, "mode": "max"}, 4),
        ([3, 3, 3, 3, 3], {"patience": 0}, 2),
    ],
)
def test_early_stopping(values, options, epochs):
    fitted = train(Numbers(*values), fit.EarlyStopping(**options), epochs=5)
    assert len(fitted.history) == epochs
    expected = None if epochs == 5 else f"valid_loss has not improved for {options['patience'] + 1} epochs"
    assert fitted.why == expected


def test_the_name_says_which_way_is_better():
    names = {"loss": "min", "valid_accuracy": "max", "f1": "max", "top5": "max", "valid_mae": "min", "auroc": "max"}
    assert {name: Watch("x", name).mode for name in names} == names


def test_a_metric_says_which_way_is_better_whatever_it_is_called():
    class Dice(fit.Metric):
        name = "dice"
        higher_is_better = True

        def measure(self, output, target):
            return {"sum": output.sum() * 0, "count": 1}

        def result(self, sums):
            return 0.0

    class Rising(fit.Callback):
        def on_epoch_end(self, run):
            run.row["valid_dice"], run.row["top_error"] = (1.0, 3.0, 2.0, 2.0)[run.epoch - 1], float(-run.epoch)

    for monitor, mode, best in (("valid_dice", None, 2), ("valid_dice", "min", 1), ("top_error", None, 1)):
        kept = fit.KeepBest(monitor, mode)
        train(Rising(), kept, metrics=Dice(), valid=BATCHES[:1], epochs=4)
        assert kept.epoch == best
    missed = fit.KeepBest("top_error")
    train(Rising(), missed, metrics={"top_error": "mae"}, valid=BATCHES[:1], epochs=4)
    assert missed.epoch == 4


def test_a_column_that_is_not_there():
    with pytest.raises(KeyError) as caught:
        train(fit.EarlyStopping("vald_loss"), valid=BATCHES[:1])
    assert "EarlyStopping: the epoch has no 'vald_loss'" in str(caught.value)
    assert "Did you mean 'valid_loss'?" in str(caught.value)


def test_terminate_on_nan():
    bad = [(lamina.full((4, 2), math.nan), BATCHES[0][1])]
    fitted = train(fit.TerminateOnNaN(), data=BATCHES + bad, epochs=5)
    assert len(fitted.history) == 1
    assert fitted.why == "the loss is nan"
    long = train(fit.TerminateOnNaN(), data=bad * 300, epochs=1)
    assert long.why == "the loss is nan"
    assert len(long.history) == 0  # it did not wait for the epoch's end


def test_keep_best():
    kept = []

    class Keep(fit.Callback):
        def on_epoch_end(self, run):
            kept.append({name: x.numpy() for name, x in run.model.state_dict().items()})

    best = fit.KeepBest()
    fitted = train(Numbers(3, 1, 2), Keep(), best)
    assert best.epoch == 2
    for name, x in fitted.model.state_dict().items():
        np.testing.assert_array_equal(x.numpy(), kept[1][name])


# --- schedules ---


class Endless(lamina.data.IterableDataset):
    """Batches, whose number is not known before they have come."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def test_schedules_by_step_and_by_epoch():
    lrs = []

    class Look(fit.Callback):
        def on_batch_start(self, run):
            lrs.append(run.optimizer.param_groups[0]["lr"])

    half = partial(lr_scheduler.StepLR, step_size=1, gamma=0.5)
    train(Look(), fit.Schedule(half), epochs=2)
    assert lrs == [0.1, 0.1, 0.05, 0.05]
    lrs.clear()
    train(Look(), fit.Schedule(half, by="step"), epochs=2)
    assert lrs == [0.1, 0.05, 0.025, 0.0125]
    lrs.clear()
    train(Look(), fit.Schedule(half, by="step"), epochs=2, accumulate=2)
    assert lrs == [0.1, 0.1, 0.05, 0.05]
    lrs.clear()
    three = BATCHES + BATCHES[:1]  # the third batch alone makes a step, also where nobody knows that it is the last
    for data in (three, lamina.data.DataLoader(Endless(three), batch_size=None)):
        train(Look(), fit.Schedule(half, by="step"), epochs=2, accumulate=2, data=data)
        assert lrs == [0.1, 0.1, 0.05, 0.025, 0.025, 0.0125]
        lrs.clear()
    plateau = fit.Schedule(partial(lr_scheduler.ReduceLROnPlateau, patience=0, factor=0.5), monitor="valid_loss")
    train(Numbers(1, 2, 3), Look(), plateau)
    assert lrs == [0.1, 0.1, 0.1, 0.1, 0.05, 0.05]


def test_schedules_that_do_not_fit():
    other = optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    for schedule, error, message in (
        (lr_scheduler.StepLR(other, 1), ValueError, "Schedule: it was made of another optimizer than the one that fit"),
        (lambda optimizer: 3, TypeError, "Schedule: the function must return a schedule, got int."),
    ):
        with pytest.raises(error) as caught:
            train(fit.Schedule(schedule))
        assert str(caught.value).startswith(message)
    with pytest.raises(ValueError) as caught:
        fit.Schedule(lr_scheduler.StepLR, by="batch")
    assert str(caught.value) == "Schedule: by must be one of 'epoch', 'step', got 'batch'."


# --- logs and the bar ---


def test_csv(tmp_path):
    path = tmp_path / "deep" / "log.csv"
    fitted = train(fit.CSVLog(path), metrics={"matrix": lambda output, target: output.mean()})
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == fitted.history["loss"]
    assert list(rows[0]) == fitted.history.columns
    assert [file.name for file in path.parent.iterdir()] == ["log.csv"]


def test_tensorboard(tmp_path):
    from tensorboardX.event_file_writer import EventsWriter  # noqa: F401 the extra is installed
    from tensorboardX.proto.event_pb2 import Event

    fitted = train(fit.TensorBoardLog(tmp_path, every=1), valid=BATCHES[:1], data=BATCHES * 40, epochs=2)
    found = {}
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        while data:  # records: length, its checksum, the event, its checksum
            size = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + size])
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            data = data[16 + size :]
    assert [step for step, _ in found["train/loss"]] == [80, 160]
    np.testing.assert_allclose([x for _, x in found["valid/loss"]], fitted.history["valid_loss"], rtol=1e-6)
    assert {"train/lr", "train/seconds", "batch/loss"} <= set(found)


def test_the_bar(monkeypatch):
    from rich.console import Console

    monkeypatch.setattr("lamina.fit.progress.INTERVAL", 0.0)
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    train(fit.Progress(console), data=BATCHES * 40, epochs=2, valid=BATCHES[:1])
    text = console.file.getvalue()
    assert "epoch 1/2  loss " in text and "valid_loss" in text
    assert "validation" in text and " 0/80" in text and "80/80" in text
    assert text.count("epoch 2/2  loss") == 1


def test_the_bar_is_off_where_nobody_looks(capsys):
    train(epochs=1)
    assert capsys.readouterr().out == ""
    train(epochs=1, progress=True)
    assert "epoch 1/1" in capsys.readouterr().out


# --- Ctrl-C ---


class Press(fit.Callback):
    """Presses Ctrl-C in a step."""

    def __init__(self, step, times=1):
        self.step, self.times, self.calls = step, times, []

    def on_batch_start(self, run):
        if run.step == self.step:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)

    def on_batch_end(self, run):
        self.calls.append(run.step)

    def on_interrupt(self, run):
        self.calls.append("interrupt")

    def on_fit_end(self, run):
        self.calls.append("end")


@pytest.fixture
def handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_ends_after_the_step(handler):
    press = Press(2)
    fitted = train(press, epochs=5)
    assert press.calls == [1, 2, 3, "interrupt", "end"]
    assert fitted.interrupted
    assert fitted.why == "interrupted"
    assert len(fitted.history) == 1


def test_the_second_raises(handler):
    press = Press(2, times=2)
    with pytest.raises(KeyboardInterrupt):
        train(press, epochs=5)
    assert press.calls == [1, 2]


def test_ctrl_c_waits_for_the_step_of_accumulated_gradients(handler):
    press = Press(2)
    train(press, epochs=5, data=BATCHES * 2, accumulate=4)
    assert press.calls == [1, 2, 3, 4, "interrupt", "end"]
