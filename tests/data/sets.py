"""Datasets and functions that workers can import."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import numpy as np

from lamina.data import Dataset, IterableDataset, get_worker_info


class Squares(Dataset):
    """Items of every kind that default collation knows."""

    def __init__(self, count: int = 12):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"x": np.full(3, index * index, np.float32), "index": index, "name": str(index)}


class Troubled(Squares):
    """Something happens at item 5."""

    def __init__(self, trouble: str):
        super().__init__()
        self.trouble = trouble

    def __getitem__(self, index):
        if index == 5:
            getattr(self, self.trouble)()
        return super().__getitem__(index)

    def raise_error(self):
        raise KeyError("five")

    def raise_own_class(self):
        class Own(Exception):
            def __init__(self, a, b):
                super().__init__(a, b)

        raise Own(1, 2)

    def leave(self):
        os._exit(3)

    def be_killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def sleep(self):
        time.sleep(60)

    def give_a_lambda(self):
        raise UnpicklableError(lambda: 0)


class UnpicklableError(Exception):
    pass


class Noise(Dataset):
    """Random numbers of three libraries, drawn in the worker."""

    def __len__(self):
        return 24

    def __getitem__(self, index):
        import lamina

        drawn = lamina.random.host(None).random()
        return np.array([index, random.random(), np.random.rand(), drawn])


class Counted(Dataset):
    """Counts in a file how often an item is asked for."""

    def __init__(self, path: str):
        self.path = path

    def __len__(self):
        return 16

    def __getitem__(self, index):
        with open(self.path, "a") as file:
            file.write(f"{index}\n")
        return index


class Shares(IterableDataset):
    """Each worker has a share, of different length."""

    def __iter__(self):
        info = get_worker_info()
        number = 0 if info is None else info.id
        return iter(range(100 * number, 100 * number + 7 + 4 * number))

    def __len__(self):
        return 18


class Placed(IterableDataset):
    """A stream that knows its place, and refuses to be read from the start."""

    def __init__(self):
        self.next = 0
        self.begun = False

    def __iter__(self):
        while self.next < 10:
            self.next += 1
            yield self.next - 1
        self.next = 0

    def state_dict(self):
        return {"next": self.next}

    def load_state_dict(self, state):
        self.next = state["next"]


class Modules(Dataset):
    """Whether JAX has a backend, in the process that is asked."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        from jax._src import xla_bridge

        settings = (os.environ.get("JAX_PLATFORMS"), os.environ.get("OPENBLAS_NUM_THREADS"))
        return np.array([xla_bridge.backends_are_initialized(), settings[0] == "cpu" and settings[1] is not None])


class Here(Dataset):
    """What a worker knows of itself."""

    note = "none"

    def __len__(self):
        return 4

    def __getitem__(self, index):
        info = get_worker_info()
        return [info.id, info.num_workers, info.seed, info.dataset is self, self.note, os.getpid()]


def set_note(number):
    get_worker_info().dataset.note = f"worker {number}"


def fail(number):
    raise ValueError(f"worker {number} will not")


def as_it_is(items):
    return items


def arrays(items):
    """A batch with arrays that must stay arrays, beside tensors."""
    import lamina

    stacked = np.stack([item["x"] for item in items])
    return {"array": stacked, "tensor": lamina.tensor(stacked), "empty": np.empty((0, 2)), "text": np.array(["a", "b"])}


def run_and_wait(path):
    """A script's main part: workers that are busy when the user interrupts."""
    from lamina.data import DataLoader

    loader = DataLoader(Slow(), num_workers=2, batch_size=None)
    for batch in loader:
        with open(path, "a") as file:
            file.write(f"{int(batch)}\n")
            file.flush()


class Slow(Dataset):
    """Items are process numbers, and take their time."""

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        time.sleep(0.02)
        return os.getpid()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without it
    run_and_wait(sys.argv[1])
