"""How far will the disease be in a year? scikit-learn's diabetes data, by a network and by linear regression.

    python examples/training/diabetes.py --plot diabetes.png

442 patients, ten measures of each: little data with much noise, where a straight line is hard to beat. Both are tested
on 90 patients that they were not fitted to, five times.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import ShuffleSplit

import lamina
from lamina import nn

PLOT = Path("build/diabetes.png")


def data():
    """Inputs (N, 10) and targets (N, 1), both with mean 0 and variance 1."""
    x, y = load_diabetes(return_X_y=True)
    x, y = x / x.std(axis=0), (y - y.mean()) / y.std()
    return x.astype(np.float32), y[:, None].astype(np.float32)


def network():
    return nn.Sequential(nn.Linear(10, 64), nn.GELU(), nn.Dropout(0.3), nn.Linear(64, 1))


def main(plot=PLOT, times=5):
    lamina.manual_seed(0)
    x, y = data()
    scores = {"network": [], "linear regression": []}
    for train, test in ShuffleSplit(times, train_size=352, test_size=90, random_state=0).split(x):
        fitted = lamina.fit(
            network(),
            (x[train], y[train]),
            loss="mse",
            optimizer=lambda parameters: lamina.optim.AdamW(parameters, lr=2e-3, weight_decay=0.3),
            metrics=["r2", "mae"],
            epochs=60,
            batch_size=33,
            valid=0.25,  # of what it may see: what it is tested on must not say when to stop
            callbacks=[lamina.fit.EarlyStopping("valid_loss", patience=15), lamina.fit.KeepBest("valid_loss")],
        )
        line = LinearRegression().fit(x[train], y[train])
        scores["network"].append(r2_score(y[test], fitted.predict(x[test]).numpy()))
        scores["linear regression"].append(r2_score(y[test], line.predict(x[test])))
    scores = {name: float(np.mean(found)) for name, found in scores.items()}
    for name, score in scores.items():
        print(f"{name:18} explains {score:.1%} of the variance")
    plot = Path(plot)
    plot.parent.mkdir(parents=True, exist_ok=True)
    fitted.plot().savefig(plot, dpi=150)
    print(f"The last training is drawn in {plot}.")
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Predict a disease's progress by a network and by a line.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
