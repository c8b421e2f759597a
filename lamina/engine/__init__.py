"""The engine: record -> program -> lower -> run. `README.md` beside this file follows one training step through it."""

from lamina.engine import integers, memory, transform
from lamina.engine.autograd import backward, backward_again
from lamina.engine.basic import ADD, DETACH, PART, ZEROS_LIKE, Basic
from lamina.engine.cache import folder as cache_folder
from lamina.engine.explain import Compilation, compilations, explain, reset
from lamina.engine.host import LATER, OnHost, put
from lamina.engine.infer import set_key_class
from lamina.engine.inner import Inner, Recorded, capture, close, inside, outside, record_custom, transform_of
from lamina.engine.leaf import Gradients, Leaf, Packed
from lamina.engine.numbers import NUMBERS
from lamina.engine.pack import is_ready
from lamina.engine.program import spec_of, user_line
from lamina.engine.random import Source, Stream
from lamina.engine.record import (
    TRACED,
    Handle,
    History,
    RandomAt,
    Trace,
    Unknown,
    Value,
    config,
    of_array,
    record,
    state,
)
from lamina.engine.run import flush, numbers, numbers_of, read, set_mode, synchronize
from lamina.engine.stretch import Stretches

memory.keep()

__all__ = [
    "ADD",
    "DETACH",
    "NUMBERS",
    "PART",
    "TRACED",
    "ZEROS_LIKE",
    "Basic",
    "Compilation",
    "Gradients",
    "Handle",
    "History",
    "Inner",
    "LATER",
    "Leaf",
    "OnHost",
    "Packed",
    "RandomAt",
    "Recorded",
    "Source",
    "Stream",
    "Stretches",
    "Trace",
    "Unknown",
    "Value",
    "backward",
    "backward_again",
    "cache_folder",
    "capture",
    "close",
    "compilations",
    "config",
    "explain",
    "flush",
    "inside",
    "integers",
    "is_ready",
    "numbers",
    "numbers_of",
    "of_array",
    "outside",
    "put",
    "read",
    "record",
    "record_custom",
    "reset",
    "set_key_class",
    "set_mode",
    "spec_of",
    "state",
    "synchronize",
    "transform",
    "transform_of",
    "user_line",
]
