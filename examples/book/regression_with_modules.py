"""The regression network from modules: `nn.Sequential`, a loss function and an optimizer do what was written by hand.

Prints the network, how its loss falls, the coefficients it has learnt beside those of least squares, and what the
training cost; draws the loss.

    python examples/book/regression_with_modules.py --plot loss.png
"""

import argparse
import time
from pathlib import Path

import numpy as np

import lamina
from lamina import nn

EPOCHS = 200
COEFFICIENTS = (0.2, -1.3, -0.5)
PLOT = Path("build/loss.png")


def data(n=100):
    """Inputs x (n, 3) and targets y (n, 1): a linear function of the inputs, and noise."""
    x = lamina.randn(n, 3)
    y = x @ lamina.tensor(COEFFICIENTS).unsqueeze(1) + lamina.randn(n, 1)
    return x, y


def network(d_in=3, d_hidden=32, d_out=1):
    return nn.Sequential(nn.Linear(d_in, d_hidden), nn.ReLU(), nn.Linear(d_hidden, d_out))


def train(net, x, y, epochs=EPOCHS, learning_rate=0.01):
    """Train the network with Adam; the loss before each step, and the seconds that a step of the second half took."""
    optimizer = lamina.optim.Adam(net.parameters(), lr=learning_rate)
    losses = []
    for epoch in range(1, epochs + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()

        losses.append(loss)
        if epoch % 10 == 0:
            print(f"epoch {epoch:3}   loss {loss.item():.4f}")
        if epoch == epochs // 2:
            half_time = time.perf_counter()  # all is compiled by now
    lamina.synchronize()
    seconds = (time.perf_counter() - half_time) / (epochs - epochs // 2)
    return [loss.item() for loss in losses], seconds


def learnt_coefficients(net, x):
    """By how much the output changes with each input: the gradient, averaged over the data."""
    x = x.clone().requires_grad_()
    net(x).sum().backward()
    return x.grad.mean(dim=0).tolist()


def least_squares(x, y):
    """The coefficients of the linear function that is closest to the data, and its mean squared error."""
    columns = np.column_stack([x.numpy(), np.ones(len(x))])  # the ones are for an intercept
    solution, squares, *_ = np.linalg.lstsq(columns, y.numpy(), rcond=None)
    return solution[:-1, 0].tolist(), squares.item() / len(x)


def draw(losses, error, path):
    """Draw the loss of each epoch, and the error of least squares as a line to compare it with."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    axes.plot(range(1, len(losses) + 1), losses, color="#2a6fb0", linewidth=2)
    axes.set(
        title="A regression network learns: 3 inputs, 32 hidden units, Adam",
        xlabel="epoch",
        ylabel="mean squared error",
        xlim=(1, len(losses)),
        ylim=(0, None),
    )
    axes.axhline(error, color="0.5", linewidth=1, linestyle="--")
    axes.annotate("least squares", (len(losses), error), (-4, 4), textcoords="offset points", ha="right", color="0.35")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(plot=PLOT):
    lamina.manual_seed(777)
    x, y = data()
    net = network()
    print(f"{net}\n")

    before = lamina.engine.compilations()
    losses, seconds = train(net, x, y)
    programs = lamina.engine.compilations() - before

    coefficients, error = least_squares(x, y)
    rows = {
        "network": learnt_coefficients(net, x),
        "least squares": coefficients,
        "made with": list(COEFFICIENTS),
    }
    print("\nHow the output changes with each input")
    print(f"{'':15}{'x1':>8}{'x2':>8}{'x3':>8}")
    for name, row in rows.items():
        print(f"{name:15}" + "".join(f"{coefficient:8.3f}" for coefficient in row))

    print(f"\nPrograms compiled: {programs}, for {EPOCHS} steps. Time per step: {seconds * 1e6:.0f} us.")
    draw(losses, error, Path(plot))
    print(f"The loss is drawn in {plot}.")
    return {"losses": losses, "coefficients": rows, "programs": programs, "seconds per step": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the regression network and draw its loss.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
