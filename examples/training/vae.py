"""A variational autoencoder of handwritten digits (scikit-learn's), and digits that it makes up.

    python examples/training/vae.py --plot vae.png

Kingma and Welling 2014, Auto-Encoding Variational Bayes. The loss is the negative evidence lower bound, in nats.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits

import lamina
from lamina import nn
from lamina.nn import functional as F

PLOT = Path("build/vae.png")


class VAE(nn.Module):
    """From images (N, 64) with values from 0 to 1 to a few numbers, and back."""

    def __init__(self, latent=8, hidden=256):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 64))

    def forward(self, x):
        """The logits of the image again, and mean and log variance of where it lies."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        z = mean + lamina.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decoder(z), mean, log_variance

    def training_step(self, batch):
        (x,) = batch
        logits, mean, log_variance = self(x)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum() / len(x)
        return {"loss": reconstruction + divergence, "divergence": divergence}

    def sample(self, n):
        """Images (n, 64) of places drawn from the prior."""
        return self.decoder(lamina.randn(n, self.latent)).sigmoid()


def draw(real, made, path):
    """Eight by eight digits of the data, and as many that the network made up."""
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
    for axes, images, title in zip(both, (real, made), ("From the data", "Made up by the network")):
        tiles = np.pad(images[:64].reshape(8, 8, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
        axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(80, 80), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(title)
        axes.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(plot=PLOT, epochs=80):
    lamina.manual_seed(0)
    images = (load_digits().data / 16).astype(np.float32)
    seen, unseen = images[:1500], images[1500:]
    net = VAE()
    fitted = lamina.fit(
        net, (seen,), optimizer=lamina.optim.Adam(net.parameters(), lr=2e-3), epochs=epochs, valid=(unseen,)
    )
    bound = fitted.history[-1]["valid_loss"]
    mean = seen.mean(axis=0).clip(1e-3, 1 - 1e-3)  # what one can say of an image without looking at it
    blind = -(unseen * np.log(mean) + (1 - unseen) * np.log(1 - mean)).sum(axis=1).mean()
    print(f"{bound:.2f} nats for an image that it never saw; {blind:.2f} for one who knows each pixel's mean only")
    with lamina.no_grad():
        draw(unseen, net.sample(64).numpy(), Path(plot))
    print(f"Digits that it made up are drawn in {plot}.")
    return {"bound": bound, "blind": float(blind)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a variational autoencoder on handwritten digits.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
