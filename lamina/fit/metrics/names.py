"""Metrics by name: what `metrics=` may hold."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lamina.fit.metrics.accuracy import Accuracy, TopK
from lamina.fit.metrics.confusion import F1, ConfusionMatrix, Precision, Recall
from lamina.fit.metrics.errors import MAE, MSE, R2, RMSE
from lamina.fit.metrics.metric import Function, Metric
from lamina.fit.metrics.perplexity import Perplexity
from lamina.fit.metrics.ranking import AUROC

NAMES: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "top5": TopK,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "auroc": AUROC,
    "confusion": ConfusionMatrix,
    "mae": MAE,
    "mse": MSE,
    "rmse": RMSE,
    "r2": R2,
    "perplexity": Perplexity,
}


def metrics_of(given: Any) -> list[Metric]:
    """Metrics from names, Metrics, their classes, functions of (output, target), or a dict of these by name.

    Each metric comes once; two of one name raise ValueError.
    """
    if given is None:
        return []
    if isinstance(given, Mapping):
        found = [_metric(x, name) for name, x in given.items()]
    else:
        found = [_metric(x) for x in (given if isinstance(given, Iterable) and not isinstance(given, str) else [given])]
    names = [metric.name for metric in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"metrics: {names.count(name)} are called {name!r}; give them names of their own.")
        if name in ("loss", "epoch", "lr", "seconds") or name.startswith("valid_"):
            raise ValueError(f"metrics: the name {name!r} is taken by a column of the history.")
    return found


def _metric(x: Any, name: str | None = None) -> Metric:
    if isinstance(x, str):
        if x not in NAMES:
            near = difflib.get_close_matches(x, NAMES, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"metrics: no metric is called {x!r}.{hint} There are {', '.join(NAMES)}.")
        x = NAMES[x]
    if isinstance(x, type) and issubclass(x, Metric):
        x = x()
    if isinstance(x, Metric):
        x.name = name or x.name
        return x
    if callable(x):
        return Function(x, name)
    raise TypeError(f"metrics: expected names, Metrics or functions of (output, target), got {type(x).__name__}.")
