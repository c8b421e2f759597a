"""A program that is killed: trains in child processes, kills them at random moments, and starts them again.

python -m tests.fit.killed FOLDER KILLS SEED

lamina is imported once and the children are forked from there, before any thread is started: so a child trains within a
tenth of a second. Prints the digest of an uninterrupted run, and then one for each run that was killed and went on.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import lamina
from lamina import fit, nn
from lamina.data.chance import random_state
from lamina.fit.checkpoint import Checkpoint

EPOCHS = 8


class Noise(fit.Callback):
    """Draws from Python's and NumPy's generators, and counts, as callbacks of users may."""

    def __init__(self) -> None:
        self.total = 0.0

    def on_batch_end(self, run: fit.Run) -> None:
        self.total += random.random() + np.random.rand()

    def state_dict(self) -> dict[str, Any]:
        return {"total": self.total}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.total = state["total"]


class Tell(fit.Callback):
    """Says through a pipe that the run is put together, and that its programs are there: a checkpoint is written."""

    def __init__(self, pipe: int) -> None:
        self.pipe, self.batches = pipe, 0

    def on_fit_start(self, run: fit.Run) -> None:
        os.write(self.pipe, b"!")

    def on_batch_end(self, run: fit.Run) -> None:
        self.batches += 1
        if self.batches == 4:
            os.write(self.pipe, b"!")


def digest(*parts: Any) -> str:
    """One number of all bits in some data."""
    whole = hashlib.sha256()

    def take(x: Any) -> None:
        if isinstance(x, dict):
            for name, value in x.items():
                if name != "seconds":
                    whole.update(repr(name).encode())
                    take(value)
        elif isinstance(x, (tuple, list)):
            for value in x:
                take(value)
        elif isinstance(x, (lamina.Tensor, np.ndarray)):
            whole.update(np.ascontiguousarray(x.detach().numpy() if isinstance(x, lamina.Tensor) else x).tobytes())
        else:
            whole.update(repr(x).encode())

    take(parts)
    return whole.hexdigest()[:16]


def train(folder: Path, pipe: int | None = None, epochs: int = EPOCHS) -> str:
    """Train, from the newest checkpoint if there is one; the digest of all that came out."""
    lamina.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    x = lamina.randn(150, 12)
    y = x[:, :4].argmax(1)
    net = nn.Sequential(nn.Linear(12, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 4))
    noise = Noise()
    fitted = lamina.fit(
        net,
        (x, y),
        loss="cross_entropy",
        optimizer=partial(lamina.optim.AdamW, lr=1e-2),
        metrics="accuracy",
        epochs=epochs,
        valid=0.2,
        batch_size=8,
        callbacks=[
            fit.Schedule(partial(lamina.optim.lr_scheduler.OneCycleLR, max_lr=2e-2, total_steps=1000), by="step"),
            fit.KeepBest("valid_loss"),
            noise,
            *([] if pipe is None else [Tell(pipe)]),
        ],
        checkpoint=Checkpoint(folder, every=2, keep=2, best="valid_loss"),
        progress=False,
    )
    assert len(fitted.history) == epochs
    return digest(net.state_dict(), fitted.optimizer.state_dict(), fitted.history.rows, random_state(), noise.total)


def child(folder: Path, pipe: int, result: Path) -> int:
    """The process number of a child that trains and writes its digest."""
    number = os.fork()
    if number:
        return number
    try:
        result.write_text(train(folder, pipe))
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)


def until_done(folder: Path, kills: int, chance: random.Random) -> tuple[str, int, int]:
    """Train in children, killing up to so many; the digest of the one that came to its end, how many were killed,
    and how many of those left a file unfinished."""
    folder.mkdir(parents=True)
    result, killed, torn = folder / "digest", 0, 0
    while True:
        there, here = os.pipe()
        number = child(folder, here, result)
        os.close(here)
        if killed < kills:
            for _ in range(
                1 if chance.random() < 0.1 else 2
            ):  # a tenth while programs are loaded, before the first step
                os.read(there, 1)  # nothing, if it has ended
            time.sleep(chance.uniform(0.0, 0.04))
            os.kill(number, signal.SIGKILL)
        _, status = os.waitpid(number, 0)
        os.close(there)
        if os.WIFSIGNALED(status):
            killed += 1
            torn += any(folder.glob(".*.tmp"))
        elif os.WEXITSTATUS(status):
            raise SystemExit("a child failed")
        else:
            return result.read_text(), killed, torn


def main() -> None:
    """Read the command line, kill, print."""
    folder, kills, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    begin = time.time()
    print(*until_done(folder / "whole", 0, chance), flush=True)
    done, turn = 0, 0
    while done < kills:
        found, killed, torn = until_done(folder / str(turn), kills - done, chance)
        print(found, killed, torn, flush=True)
        done, turn = done + killed, turn + 1
    print(f"{time.time() - begin:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
