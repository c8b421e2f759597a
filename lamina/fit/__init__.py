"""Training: `lamina.fit(model, data, loss="mse")`, and what goes with it. The package itself can be called."""

from lamina.fit.best import KeepBest
from lamina.fit.callback import Callback
from lamina.fit.checkpoint import Checkpoint
from lamina.fit.finder import LRSearch, find_lr
from lamina.fit.fitted import Fitted
from lamina.fit.fitting import fit
from lamina.fit.history import History
from lamina.fit.logs import CSVLog, TensorBoardLog
from lamina.fit.metrics import (
    AUROC,
    F1,
    MAE,
    MSE,
    R2,
    RMSE,
    Accuracy,
    ConfusionMatrix,
    Function,
    Metric,
    Perplexity,
    Precision,
    Recall,
    TopK,
)
from lamina.fit.package import make_callable
from lamina.fit.progress import Progress
from lamina.fit.run import Run
from lamina.fit.schedule import Schedule
from lamina.fit.stopping import EarlyStopping, TerminateOnNaN

make_callable(__name__, fit)

__all__ = [
    "fit", "Fitted", "History", "Run",
    "Callback", "EarlyStopping", "TerminateOnNaN", "KeepBest", "Schedule", "Checkpoint", "CSVLog",
    "TensorBoardLog", "Progress", "find_lr", "LRSearch",
    "Metric", "Function", "Accuracy", "TopK", "Precision", "Recall", "F1", "ConfusionMatrix", "AUROC",
    "MAE", "MSE", "RMSE", "R2", "Perplexity",
]  # fmt: skip
