"""The table of epochs, what `fit` returns, and their pictures."""

from __future__ import annotations

import numpy as np
import pytest

import lamina
from lamina import fit, nn
from lamina.fit.history import History

ROWS = [{"epoch": 1, "loss": 0.5, "valid_loss": 0.6, "confusion": [[1, 0], [0, 1]]}, {"epoch": 2, "loss": 0.25}]


def test_history():
    history = History(ROWS)
    assert list(history) == ROWS
    assert len(history) == 2 and history[-1]["epoch"] == 2
    assert history["valid_loss"] == [0.6, None]
    assert history.to_dict() == {
        "epoch": [1, 2],
        "loss": [0.5, 0.25],
        "valid_loss": [0.6, None],
        "confusion": [[[1, 0], [0, 1]], None],
    }
    frame = history.to_pandas()
    assert list(frame.index) == [1, 2] and frame["loss"].tolist() == [0.5, 0.25]
    assert str(history) == "epoch  loss  valid_loss\n    1   0.5         0.6\n    2  0.25            "
    with pytest.raises(KeyError) as caught:
        history["los"]
    assert "history: no column 'los'; there are epoch, loss, valid_loss, confusion" in str(caught.value)


def test_plot():
    lamina.engine.reset()
    x = lamina.ones(4, 1)
    fitted = fit(nn.Linear(1, 1), (x, x), loss="mse", metrics="mae", epochs=2, valid=(x, x))
    panels = fitted.plot().axes
    assert [panel.get_title() for panel in panels] == ["loss", "mae"]
    for panel in panels:
        training, validation = panel.get_lines()
        name = panel.get_title()
        np.testing.assert_array_equal(training.get_ydata(), fitted.history[name])
        np.testing.assert_array_equal(validation.get_ydata(), fitted.history[f"valid_{name}"])
    assert len(fitted.plot(["mae"]).axes) == 1
    with pytest.raises(ValueError) as caught:
        fitted.plot(["accuracy"])
    assert str(caught.value) == "plot: the history has no 'accuracy', but loss, mae."
    assert repr(fitted).startswith("Fitted: 2 epochs in ")


def test_predict_joins_what_the_model_gives():
    lamina.engine.reset()

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.drop = nn.Linear(2, 1), nn.Dropout()

        def forward(self, x):
            return {"y": self.layer(x), "both": (self.drop(x), x.sum(1))}

    net, x = Model(), lamina.randn(10, 2)
    fitted = fit(net, (x,), step=lambda model, batch: model(batch[0])["y"].square().mean(), epochs=1, batch_size=4)
    found = fitted.predict(x)
    np.testing.assert_allclose(found["y"].numpy(), net.layer(x).detach().numpy(), rtol=1e-6)
    np.testing.assert_array_equal(found["both"][0].numpy(), x.numpy())  # evaluation mode: nothing is dropped
    assert found["both"][1].shape == (10,)
    np.testing.assert_array_equal(fitted.predict((x, x.sum(1)))["y"].numpy(), found["y"].numpy())
    np.testing.assert_array_equal(fitted.predict(x.numpy())["y"].numpy(), found["y"].numpy())
    assert net.training


def test_find_lr_puts_everything_back():
    lamina.engine.reset()
    x = lamina.linspace(-1, 1, 24).unsqueeze(1)
    net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    optimizer = lamina.optim.Adam(net.parameters(), lr=3e-3)
    fit(net, (x, 3 * x), loss="mse", optimizer=optimizer, epochs=1, batch_size=8)
    before = {name: value.numpy() for name, value in net.state_dict().items()}
    chance = lamina.get_rng_state().numpy()
    moments = optimizer.state[net[0].weight]["exp_avg"].numpy()
    search = fit.find_lr(net, (x, 3 * x), loss="mse", optimizer=optimizer, steps=30, batch_size=8)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
    np.testing.assert_array_equal(lamina.get_rng_state().numpy(), chance)
    np.testing.assert_array_equal(optimizer.state[net[0].weight]["exp_avg"].numpy(), moments)
    assert optimizer.param_groups[0]["lr"] == 3e-3
    assert search.lrs == sorted(search.lrs) and search.lrs[0] == pytest.approx(1e-7)
    assert search.suggestion is None or search.suggestion in search.lrs
    (panel,) = search.plot().axes
    assert panel.get_xscale() == "log"
    with pytest.raises(ValueError, match="^find_lr: smooth must be at least 0 and below 1, got 1.$"):
        fit.find_lr(net, (x, 3 * x), loss="mse", smooth=1)


@pytest.mark.parametrize("steps", [20, 40, 100])
def test_find_lr_is_not_misled_by_the_first_batches(steps):
    """Their losses differ by chance, and the mean is over few of them."""
    x = lamina.linspace(-1, 1, 64).unsqueeze(1)
    for seed in range(5):
        lamina.manual_seed(seed)
        search = fit.find_lr(nn.Linear(1, 1), (x, 3 * x), loss="mse", optimizer="sgd", steps=steps)
        assert search.suggestion is not None and 0.05 < search.suggestion < 3
