"""Pictures of training, by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.fit.history import History, is_number


def figure(columns: int, width: float = 4.5) -> tuple[Any, list[Any]]:
    """A figure with some panels side by side, outside of pyplot's list of figures."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plot: matplotlib is not installed. `pip install 'lamina[demo]'`.") from error
    drawn = Figure(figsize=(width * columns, 3.2), layout="constrained")
    return drawn, list(drawn.subplots(1, columns, squeeze=False)[0])


def plot_history(history: History, columns: Sequence[str] | None = None) -> Any:
    """The loss and each metric by epoch; what validation gave beside what training gave."""
    if not len(history):
        raise ValueError("plot: the history is empty.")
    known = [
        name
        for name in history.columns
        if name not in ("epoch", "seconds", "lr") and any(is_number(row.get(name)) for row in history)
    ]
    names = list(dict.fromkeys(name.removeprefix("valid_") for name in known))
    for name in columns or ():
        if name not in names:
            raise ValueError(f"plot: the history has no {name!r}, but {', '.join(names)}.")
    names = list(columns) if columns is not None else names
    drawn, panels = figure(len(names))
    for name, panel in zip(names, panels, strict=True):
        for column, label in ((name, "training"), (f"valid_{name}", "validation")):
            points = [(row["epoch"], row[column]) for row in history if is_number(row.get(column))]
            if points:
                panel.plot(*zip(*points, strict=True), label=label, marker="." if len(points) < 20 else "")
        panel.set(title=name, xlabel="epoch")
        panel.grid(alpha=0.3)
        panel.legend()
    return drawn
