"""Handwritten digits (scikit-learn's, 8 by 8 pixels) by a plain network and by a small ResNet, side by side.

    python examples/training/digits.py --plot digits.png

A fifth of the 1797 digits is kept for the end and never trained on. Training images are moved by up to one pixel.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import lamina
from lamina import nn
from lamina.data import DataLoader, Dataset

PLOT = Path("build/digits.png")


class Digits(Dataset):
    """Images (1, 8, 8) with values from 0 to 1, and their classes; moved by chance if asked."""

    def __init__(self, images, targets, move=False):
        self.images, self.targets, self.move = images, targets, move

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        if self.move:
            down, right = random.randrange(3), random.randrange(3)
            image = np.pad(image, ((0, 0), (1, 1), (1, 1)))[:, down : down + 8, right : right + 8]
        return image, self.targets[i]


def data():
    """Digits to train on and digits to test with."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[:, None]
    a, b, ya, yb = train_test_split(images, digits.target, test_size=0.2, stratify=digits.target, random_state=0)
    return Digits(a, ya, move=True), Digits(b, yb)


def mlp():
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.2)),
        *(nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.2)),
        nn.Linear(128, 10),
    )


class Block(nn.Module):
    """Two convolutions around which the input goes unchanged, or by one of its own where the shape changes."""

    def __init__(self, channels_in, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.past = nn.Identity()
        if stride != 1 or channels != channels_in:
            self.past = nn.Conv2d(channels_in, channels, 1, stride, bias=False)
        self.relu = nn.ReLU()

    def forward(self, x):
        h = self.relu(self.norm1(self.conv1(x)))
        return self.relu(self.norm2(self.conv2(h)) + self.past(x))


def resnet(width=16):
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False),
        *(nn.BatchNorm2d(width), nn.ReLU()),
        Block(width, width),
        Block(width, 2 * width, stride=2),
        Block(2 * width, 4 * width, stride=2),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 10)),
    )


def train(net, epochs, lr=3e-3):
    """Train a network with AdamW and a learning rate that rises and falls once; what `fit` gives."""
    digits, held_out = data()
    loader = DataLoader(digits, batch_size=64, shuffle=True, drop_last=True)
    optimizer = lamina.optim.AdamW(net.parameters(), lr=lr, weight_decay=0.01)
    schedule = lamina.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=epochs * len(loader))
    return lamina.fit(
        net,
        loader,
        loss="cross_entropy",
        optimizer=optimizer,
        metrics="accuracy",
        epochs=epochs,
        valid=DataLoader(held_out, batch_size=360),
        callbacks=[lamina.fit.Schedule(schedule, by="step")],
    )


def main(plot=PLOT):
    scores = {}
    for name, make, epochs in (("mlp", mlp, 60), ("resnet", resnet, 25)):
        lamina.manual_seed(1)
        random.seed(1)
        fitted = train(make(), epochs)
        scores[name] = fitted.history[-1]["valid_accuracy"]
        print(f"{name:7} {scores[name]:.2%} of the digits that it never saw")
        path = Path(plot).with_stem(f"{Path(plot).stem}_{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        fitted.plot().savefig(path, dpi=150)
        print(f"Its training is drawn in {path}.")
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train two networks on handwritten digits.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="beside this PNG, one for each network is written")
    main(**vars(parser.parse_args()))
