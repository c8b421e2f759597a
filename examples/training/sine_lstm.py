"""An LSTM learns to go on with a sine wave of any frequency: from the numbers so far, the next one.

    python examples/training/sine_lstm.py --plot sine.png

Afterwards it is given 60 numbers of waves that it never saw, and its own predictions from there on.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

import lamina
from lamina import nn

PLOT = Path("build/sine.png")
GIVEN, AHEAD = 60, 80


class Forecaster(nn.Module):
    """Predicts the next number of a sequence (N, T), at each place of it: (N, T), as a step from the number there."""

    def __init__(self, hidden=64):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        hidden, _ = self.lstm(x.unsqueeze(-1))
        return x + self.head(hidden).squeeze(-1)

    def go_on(self, x, steps):
        """The numbers that follow a sequence, each predicted from those before it: (N, steps)."""
        found = [x[:, -1:]]
        hidden, state = self.lstm(x.unsqueeze(-1))
        for _ in range(steps):
            found.append(found[-1] + self.head(hidden[:, -1]))
            hidden, state = self.lstm(found[-1].unsqueeze(-1), state)
        return lamina.cat(found[1:], dim=1)


def waves(n, length, seed):
    """Sine waves (n, length) of 15 to 35 numbers a period, which begin anywhere."""
    chance = np.random.default_rng(seed)
    period, phase = chance.uniform(15, 35, (n, 1)), chance.uniform(0, 2 * np.pi, (n, 1))
    return np.sin(2 * np.pi * np.arange(length) / period + phase).astype(np.float32)


def draw(truth, predicted, path):
    """Three waves as they are, and as the network goes on with them."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, rows = plt.subplots(3, figsize=(8, 5), sharex=True, layout="constrained")
    for axes, wave, own in zip(rows, truth, predicted):
        axes.plot(wave, color="0.7", linewidth=3)
        axes.plot(range(GIVEN, GIVEN + AHEAD), own, color="#2a6fb0", linewidth=1.5)
        axes.axvline(GIVEN, color="0.3", linestyle="--", linewidth=1)
        axes.spines[["top", "right"]].set_visible(False)
    rows[0].set_title("Grey: the wave. Blue: the network's, from its own predictions")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(plot=PLOT, epochs=150):
    lamina.manual_seed(0)
    x = waves(512, GIVEN + AHEAD, seed=0)
    net = Forecaster()
    optimizer = lamina.optim.Adam(net.parameters(), lr=5e-3)
    schedule = lamina.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    lamina.fit(
        net,
        (x[:, :-1], x[:, 1:]),
        loss="mse",
        optimizer=optimizer,
        epochs=epochs,
        batch_size=32,
        clip_norm=1.0,
        callbacks=[lamina.fit.Schedule(schedule, by="epoch")],
    )
    unseen = waves(64, GIVEN + AHEAD, seed=1)
    with lamina.no_grad():
        predicted = net.go_on(lamina.tensor(unseen[:, :GIVEN]), AHEAD).numpy()
    error = np.sqrt(np.mean((predicted - unseen[:, GIVEN:]) ** 2))
    print(
        f"{AHEAD} numbers ahead, from its own predictions: off by {error:.3f} (root mean square), waves go from -1 to 1"
    )
    draw(unseen, predicted, Path(plot))
    print(f"Three of the waves are drawn in {plot}.")
    return error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train an LSTM to go on with sine waves.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
