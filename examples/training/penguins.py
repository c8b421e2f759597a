"""Which species is this penguin? Measurements of 344 penguins (palmerpenguins), some of them missing.

    python examples/training/penguins.py --plot penguins.png

Five networks are trained, each tested on the fifth of the penguins that it never saw: so every penguin is tested once.
"""

import argparse
from pathlib import Path

import numpy as np
from palmerpenguins import load_penguins
from sklearn.model_selection import StratifiedKFold

import lamina
from lamina import nn

PLOT = Path("build/penguins.png")
MEASURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def data():
    """Inputs (N, 4 measures, whether each is missing, 3 islands, 2 sexes) and species as classes (N)."""
    table = load_penguins()
    measures = table[MEASURES].to_numpy(np.float32)
    missing = np.isnan(measures)
    measures = (measures - np.nanmean(measures, axis=0)) / np.nanstd(measures, axis=0)
    columns = [np.where(missing, 0, measures), missing]
    for name in ("island", "sex"):
        columns += [np.asarray(table[name] == value)[:, None] for value in sorted(table[name].dropna().unique())]
    species, target = np.unique(table["species"].to_numpy(str), return_inverse=True)
    return np.concatenate(columns, axis=1).astype(np.float32), target, list(species)


def network(inputs, classes):
    return nn.Sequential(nn.Linear(inputs, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, classes))


def main(plot=PLOT, folds=5):
    lamina.manual_seed(0)
    x, y, species = data()
    right = np.zeros(len(x), bool)
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(x, y):
        fitted = lamina.fit(
            network(x.shape[1], len(species)),
            (x[train], y[train]),
            loss="cross_entropy",
            optimizer=lambda parameters: lamina.optim.AdamW(parameters, lr=0.01, weight_decay=0.01),
            metrics=["accuracy", "f1"],
            epochs=60,
            batch_size=32,
            valid=(x[test], y[test]),
        )
        right[test] = fitted.predict(x[test]).argmax(dim=1).numpy() == y[test]
    for number, name in enumerate(species):
        print(f"{name:10} {right[y == number].mean():.1%} of {(y == number).sum()}")
    print(f"{'all':10} {right.mean():.1%} of {len(y)}, none of them seen in training")
    plot = Path(plot)
    plot.parent.mkdir(parents=True, exist_ok=True)
    fitted.plot().savefig(plot, dpi=150)
    print(f"The last training is drawn in {plot}.")
    return right.mean()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train networks to tell penguins apart.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
