"""Training loops as one writes them: a network with batch norm, and batches of digits from a `DataLoader`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Loop:
    """A line of the table: a step is the next batch of the loader, and what is trained with it.

    Attributes:
        name, title: of the row.
        batch: images in a batch.
        goal_torch, goal_limit: the most its time should be of PyTorch's, and of a step by hand, which is not here.
    """

    name: str
    title: str
    batch: int = 64
    goal_torch: float | None = 1.0
    goal_limit: float | None = None


LOOPS = {"loader": Loop("loader", "digits from a DataLoader, 64-256-128-10 with batch norm, batch 64")}


def _network(t: Any) -> Any:
    nn = t.nn
    return nn.Sequential(
        *(nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU()),
        *(nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU()),
        nn.Linear(128, 10),
    )


def in_pytorch_style(library: str, loop: Loop) -> Callable[[], Any]:
    """The loop as users of PyTorch write it; both libraries read the same batches."""
    from sklearn.datasets import load_digits

    import lamina

    t = importlib.import_module(library)
    data = importlib.import_module(f"{library}.utils.data")
    functional = importlib.import_module(f"{library}.nn.functional")
    lamina.manual_seed(0)
    start = {name: tensor.detach().numpy().copy() for name, tensor in _network(lamina).state_dict().items()}
    net = _network(t)
    net.load_state_dict({name: t.tensor(array) for name, array in start.items()})
    digits = load_digits()
    images, targets = (digits.data / 16).astype(np.float32), digits.target
    dataset = data.TensorDataset(t.tensor(images), t.tensor(targets))
    loader = data.DataLoader(dataset, batch_size=loop.batch, drop_last=True)
    optimizer = t.optim.AdamW(net.parameters(), lr=1e-3)
    batches = iter(loader)

    def step() -> Any:
        nonlocal batches
        batch = next(batches, None)
        if batch is None:
            batches = iter(loader)
            batch = next(batches)
        x, y = batch
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


CONTENDERS: dict[str, Callable[[Loop], Callable[[], Any]]] = {
    "lamina": partial(in_pytorch_style, "lamina"),
    "torch": partial(in_pytorch_style, "torch"),
}
