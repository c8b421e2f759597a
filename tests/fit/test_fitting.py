"""`fit` beside a loop written by hand: the same numbers, bit for bit. And what it says of what it cannot use."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest

import lamina
from lamina import fit, nn, optim
from lamina.nn import functional as F

N, BATCH = 44, 8  # the last batch is shorter


@pytest.fixture(autouse=True)
def _counters():
    lamina.engine.reset()


def data():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((N, 6)).astype(np.float32)
    return lamina.tensor(x), lamina.tensor(x[:, :3].argmax(1))


def network():
    lamina.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 3), nn.Dropout(0.1))


def deep_network():
    lamina.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))


def batches(x, y):
    return [(x[i : i + BATCH], y[i : i + BATCH]) for i in range(0, len(x), BATCH)]


def by_hand(net, optimizer, given, epochs, change=None, accumulate=1, loss_of=F.cross_entropy):
    """A loop as users write it; the mean loss of each epoch."""
    means = []
    for _ in range(epochs):
        total = count = 0
        for i, (x, y) in enumerate(given):
            if i % accumulate == 0:
                optimizer.zero_grad()
            loss = loss_of(net(x), y)
            (loss / accumulate if accumulate > 1 else loss).backward()
            total, count = total + float(loss) * len(x), count + len(x)
            if (i + 1) % accumulate == 0 or i + 1 == len(given):
                if change is not None:
                    change(net)
                optimizer.step()
        means.append(total / count)
    return means


def same(a, b):
    for name, value in a.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), b.state_dict()[name].numpy(), err_msg=name)


def test_it_gives_the_bits_of_a_loop_by_hand():
    given = batches(*data())
    mine, theirs = deep_network(), deep_network()
    lamina.manual_seed(5)
    means = by_hand(mine, optim.Adam(mine.parameters(), lr=1e-2), given, 3)
    lamina.manual_seed(5)
    fitted = fit(theirs, given, loss="cross_entropy", optimizer=partial(optim.Adam, lr=1e-2), epochs=3)
    same(mine, theirs)
    assert fitted.history["loss"] == means
    assert fitted.history["epoch"] == [1, 2, 3]
    assert fitted.history["lr"] == [1e-2] * 3


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"clip_norm": 0.5}, lambda net: nn.utils.clip_grad_norm_(net.parameters(), 0.5)),
        ({"clip_value": 0.01}, lambda net: nn.utils.clip_grad_value_(net.parameters(), 0.01)),
    ],
    ids=["norm", "value"],
)
def test_clipping(options, change):
    given = batches(*data())[:2]
    mine, theirs = network(), network()
    lamina.manual_seed(5)
    by_hand(mine, optim.SGD(mine.parameters(), lr=0.1), given, 2, change)
    lamina.manual_seed(5)
    fit(theirs, given, loss=nn.CrossEntropyLoss, optimizer=partial(optim.SGD, lr=0.1), epochs=2, **options)
    same(mine, theirs)


@pytest.mark.parametrize("known", [True, False], ids=["length", "no length"])
def test_accumulation_with_a_rest(known):
    given = batches(*data())[:5]  # 2 + 2 + 1
    mine, theirs = network(), network()

    def weigh(net):
        """The last step of an epoch is of one batch: its gradient counts whole."""
        steps.append(0)
        if len(steps) % 3 == 0:
            for p in net.parameters():
                p.grad.mul_(2.0)

    class Endless:
        def __iter__(self):
            return iter(given)

    steps = []
    lamina.manual_seed(5)
    by_hand(mine, optim.SGD(mine.parameters(), lr=0.1), given, 2, weigh, accumulate=2)
    lamina.manual_seed(5)
    source = given if known else Endless()
    fit(theirs, source, loss="cross_entropy", optimizer=partial(optim.SGD, lr=0.1), epochs=2, accumulate=2)
    for name, value in mine.state_dict().items():
        np.testing.assert_allclose(value.numpy(), theirs.state_dict()[name].numpy(), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_precision(precision):
    given = batches(*data())[:2]
    mine, theirs = network(), network()
    dtype = lamina.bfloat16 if precision == "bf16" else lamina.float16
    optimizer = optim.SGD(mine.parameters(), lr=0.1)
    scaler = lamina.amp.GradScaler("cpu", enabled=precision == "fp16")
    lamina.manual_seed(5)
    for x, y in given * 2:
        optimizer.zero_grad()
        with lamina.autocast("cpu", dtype):
            loss = F.cross_entropy(mine(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    lamina.manual_seed(5)
    fit(theirs, given, loss="cross_entropy", optimizer=partial(optim.SGD, lr=0.1), epochs=2, precision=precision)
    same(mine, theirs)


def test_lbfgs():
    x, y = data()
    target = y.float().unsqueeze(1)
    mine, theirs = nn.Linear(6, 1), nn.Linear(6, 1)
    theirs.load_state_dict(mine.state_dict())
    optimizer = optim.LBFGS(mine.parameters(), max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(mine(x), target)
        loss.backward()
        return loss

    first = float(optimizer.step(closure))
    fitted = fit(theirs, [(x, target)], loss="mse", optimizer=partial(optim.LBFGS, max_iter=3), epochs=1)
    same(mine, theirs)
    assert fitted.history["loss"] == [first]
    with pytest.raises(NotImplementedError) as caught:
        fit(theirs, [(x, target)], loss="mse", optimizer="lbfgs", accumulate=2)
    assert str(caught.value).startswith("fit: LBFGS evaluates the loss several times a step; clip_norm,")


def test_metrics_and_validation_are_over_whole_epochs():
    x, y = data()
    net = network()
    seen = []
    fitted = fit(
        net,
        batches(x, y),
        loss="cross_entropy",
        optimizer=partial(optim.SGD, lr=0.0),
        epochs=2,
        metrics={"right": "accuracy", "mine": lambda output, target: seen.append(net.training) or output.mean()},
        valid=batches(x, y),
    )
    net.eval()
    output = net(x)
    row = fitted.history[-1]
    assert row["valid_loss"] == pytest.approx(F.cross_entropy(output, y).item(), rel=1e-5)
    assert row["valid_right"] == (output.argmax(1) == y).double().mean().item()
    assert row["valid_mine"] == pytest.approx(output.mean().item(), abs=1e-6)
    assert seen == ([True] * 6 + [False] * 6) * 2
    assert list(row) == [
        "epoch", "loss", "right", "mine", "lr", "valid_loss", "valid_right", "valid_mine", "seconds",
    ]  # fmt: skip


def test_a_steady_loop_compiles_nothing():
    x, y = data()
    compiled = []

    class Count(fit.Callback):
        def on_epoch_end(self, run):
            compiled.append(len(lamina.engine.explain()))

    fit(
        network(),
        batches(x, y)[:3],
        loss="cross_entropy",
        metrics="accuracy",
        valid=batches(x, y)[:2],
        epochs=4,
        callbacks=[Count()],
    )
    assert compiled[1] == compiled[2] == compiled[3]


def test_modes_are_as_before():
    net = deep_network().eval()
    net[1].train()
    fit(net, batches(*data())[:2], loss="cross_entropy", epochs=1)
    assert [module.training for module in net] == [False, True, False, False, False]
    assert not net.training


# --- what data may be ---


def weights(source, **options):
    net = nn.Linear(6, 3)
    with lamina.no_grad():
        net.weight.zero_()
        net.bias.zero_()
    lamina.manual_seed(3)
    fitted = fit(net, source, loss="cross_entropy", optimizer="sgd", epochs=2, batch_size=BATCH, **options)
    return net.weight.detach().numpy(), fitted


def test_data_of_all_kinds_gives_the_same():
    x, y = data()
    expected, _ = weights(batches(x, y))
    loader = lamina.data.DataLoader(lamina.data.TensorDataset(x, y), batch_size=BATCH)
    for source in (
        [(a.numpy(), b.numpy()) for a, b in batches(x, y)],
        loader,
        lamina.data.TensorDataset(x, y),
        (x, y),
        (x.numpy().astype(np.float64), y.numpy()),
        (x, y.tolist()),
    ):
        np.testing.assert_array_equal(weights(source, shuffle=False)[0], expected)
    assert not np.array_equal(weights((x, y))[0], expected)  # shuffled
    np.testing.assert_array_equal(weights((x, y))[0], weights((x, y))[0])  # by the seed


def test_several_inputs_and_dicts():
    x, y = data()

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, left, right):
            return self.layer(left + right)

    losses = []
    for source in (
        [(x, x, y)],
        [((x, x), y)],
        [({"left": x, "right": x}, y)],
        (x, x, y),
        ((x, x), y),
    ):
        lamina.manual_seed(1)
        fitted = fit(Two(), source, loss="cross_entropy", epochs=1, batch_size=N, shuffle=False)
        losses += fitted.history["loss"]
    assert len(set(losses)) == 1


def test_a_part_for_validation():
    x, y = data()
    seen = {}

    class Look(fit.Callback):
        def on_fit_start(self, run):
            for name, feed in (("data", run.data), ("valid", run.valid)):
                seen[name] = np.concatenate([batch[0].numpy() for batch in feed])

    fit(nn.Linear(6, 3), (x, y), loss="cross_entropy", epochs=1, valid=0.25, callbacks=[Look()])
    assert (len(seen["data"]), len(seen["valid"])) == (33, 11)
    together = np.concatenate([seen["data"], seen["valid"]])
    assert {row.tobytes() for row in together} == {row.tobytes() for row in x.numpy()}


def test_a_step_of_ones_own():
    x, y = data()

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x):
            return self.layer(x)

        def training_step(self, batch):
            x, y = batch["x"], batch["y"]
            output = self(x)
            size = output.square().mean()
            return {"loss": F.cross_entropy(output, y) + size, "size": size, "output": output, "target": y}

    given = [{"x": a, "y": b} for a, b in batches(x, y)[:2]]
    net = Model()
    fitted = fit(net, given, metrics="accuracy", epochs=2, valid=given)
    assert {"loss", "size", "accuracy", "valid_size", "valid_accuracy"} <= set(fitted.history.columns)
    assert set(fitted.evaluate(given)) == {"loss", "size", "accuracy"}
    plain = fit(net, [x], step=lambda model, x: model(x).square().mean(), epochs=1)
    assert plain.history["loss"][0] > 0
    with pytest.raises(ValueError) as caught:
        fit(net, [x], step=lambda model, x: model(x).square().mean(), metrics="mae", epochs=1)
    assert str(caught.value).startswith("fit: the metrics mae need what the model gave. Let step return")
    with pytest.raises(ValueError) as caught:
        fit(net, [x], step=lambda model, x: {"lost": 1}, epochs=1)
    assert str(caught.value).endswith("got a dict of 'lost'.")


# --- errors ---


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": None}, ValueError, "fit: no loss. Give one of\n"),
        ({"loss": "cross_entropi"}, ValueError, "loss: lamina.nn.functional has neither 'cross_entropi' nor "),
        ({"loss": 3}, TypeError, "loss: expected a name, a function or a module, got int."),
        ({"optimizer": "adamm"}, ValueError, "optimizer: lamina.optim has no 'adamm'. Did you mean 'Adam'?"),
        ({"optimizer": 1}, TypeError, "optimizer: expected an Optimizer, a class such as lamina.optim.Adam, a"),
        ({"optimizer": lambda p: 3}, TypeError, "optimizer: <lambda> must return an Optimizer, got int."),
        ({"epochs": -1}, ValueError, "fit: epochs must not be negative, got -1."),
        ({"accumulate": 0}, ValueError, "fit: accumulate must be at least 1, got 0."),
        ({"clip_norm": 0.0}, ValueError, "fit: clip_norm must be positive, got 0.0."),
        ({"precision": "fp8"}, ValueError, "fit: precision must be None, 'bf16' or 'fp16', got 'fp8'."),
        ({"valid": 1.5}, ValueError, "fit: valid, if a number, must be a part between 0 and 1, got 1.5."),
        ({"data": lamina.ones(3)}, TypeError, "fit: data must be batches, a Dataset or a tuple of tensors, got T"),
        ({"data": 7}, TypeError, "fit: data must be batches, a Dataset or a tuple of tensors, got int."),
        ({"data": []}, ValueError, "fit: the data has no batches."),
        ({"data": iter([1])}, TypeError, "fit: data must be iterable once for each epoch, got list_iterator"),
        ({"data": [lamina.ones(3, 6)]}, TypeError, "fit: a batch must be (input, ..., target), got a tensor of"),
        ({"model": len}, TypeError, "fit: model must be a Module, got builtin_function_or_method."),
        ({"model": nn.ReLU()}, ValueError, "optimizer: ReLU has no parameter that requires a gradient."),
        ({"loss": lambda a, b: a}, ValueError, "fit: the loss of a batch must be one number, got a tensor of shape"),
    ],
)
def test_errors(options, error, message):
    given = {"model": nn.Linear(6, 3), "data": data(), "loss": "cross_entropy", "epochs": 1, **options}
    with pytest.raises(error) as caught:
        fit(given.pop("model"), given.pop("data"), **given)
    assert str(caught.value).startswith(message)


def test_an_error_says_where_it_was():
    class Bad(fit.Callback):
        def on_batch_end(self, run):
            if run.step == 2:
                raise RuntimeError("broken")

    with pytest.raises(RuntimeError) as caught:
        fit(nn.Linear(6, 3), batches(*data()), loss="cross_entropy", epochs=2, callbacks=[Bad()])
    notes = caught.value.__notes__
    assert notes[0].startswith("in test_an_error_says_where_it_was") and notes[0].endswith("Bad.on_batch_end")
    assert notes[1] == "in fit, epoch 1 of 2, batch 3 of 6"


def test_the_package_is_the_function():
    assert inspect.signature(lamina.fit) == inspect.signature(fit.fit)
    from lamina.fit import EarlyStopping

    assert lamina.fit.EarlyStopping is EarlyStopping
