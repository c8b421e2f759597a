"""Metrics of an epoch: of classification, of regression, of language models."""

from lamina.fit.metrics.accuracy import Accuracy, TopK
from lamina.fit.metrics.confusion import F1, ConfusionMatrix, Precision, Recall
from lamina.fit.metrics.errors import MAE, MSE, R2, RMSE
from lamina.fit.metrics.metric import Function, Metric
from lamina.fit.metrics.perplexity import Perplexity
from lamina.fit.metrics.ranking import AUROC

__all__ = [
    "Metric", "Function", "Accuracy", "TopK", "Precision", "Recall", "F1", "ConfusionMatrix", "AUROC",
    "MAE", "MSE", "RMSE", "R2", "Perplexity",
]  # fmt: skip
