"""Averaged models: the mean of the weights of many steps, or a running mean, is often better than the last ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from lamina import creation, dtypes, functions
from lamina.nn.module import Module
from lamina.nn.running_norm import BatchNormNd
from lamina.optim.lr_scheduler.scheduler import LRScheduler, for_each_group
from lamina.optim.optimizer import Optimizer
from lamina.tensor import Tensor, assign, flush, grad_mode, values_of

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
AverageAll = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_swa_avg_fn() -> Average:
    """The mean of all: a function (averaged, current, count) -> averaged + (current - averaged) / (count + 1)."""

    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with grad_mode(False):
            return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """A running mean: a function (averaged, current, count) -> decay averaged + (1 - decay) current."""
    _check_decay(decay)

    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with grad_mode(False):
            return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_multi_avg_fn() -> AverageAll:
    """The mean of all, as a function of lists that writes into the first: one operation for all of them."""
    return _for_all(get_swa_avg_fn(), functions.mean_each)


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """A running mean, as a function of lists that writes into the first: one operation for all of them."""
    return _for_all(get_ema_avg_fn(decay), lambda means, values, _: functions.lerp_each(means, values, 1 - decay))


def _for_all(one: Average, together: Callable[..., Any]) -> AverageAll:
    """What writes averages of lists: by the operation that takes all `together`, or of whole numbers one by one."""

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        with grad_mode(False):
            if averaged[0].is_floating_point() or averaged[0].is_complex():
                assign(averaged, values_of(together(averaged, current, num_averaged)))
                return
            for mean, value in zip(averaged, current, strict=True):
                mean.copy_(one(mean, value, num_averaged))

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of those that the model had.

    Args:
        model: what is copied. The first call of `update_parameters` copies its parameters again.
        device: where the copy is; default: where the model is.
        avg_fn: a function (averaged, current, count) -> new averaged parameter; default: the mean of all.
        multi_avg_fn: instead, a function of lists (averaged, current, count) that writes into the first.
        use_buffers: whether buffers are averaged too; if not, they are the model's.
    Buffers:
        n_averaged (): 0, the number of updates
    Source: torch.optim.swa_utils.AveragedModel; Izmailov et al. 2018, Averaging Weights Leads to Wider Optima.

    >>> import lamina
    >>> from lamina.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    >>> model = lamina.nn.Linear(2, 1)
    >>> averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    >>> averaged.update_parameters(model)
    >>> averaged.n_averaged
    tensor(1)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", creation.tensor(0, dtype=dtypes.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers
        self._begun = False

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Average in the parameters that the model has now."""
        own, given = _tensors(self.module, self.use_buffers), _tensors(model, self.use_buffers)
        with grad_mode(False):
            pairs = [(mean, value.detach().to(mean.device)) for mean, value in zip(own, given, strict=False)]
            # Read once, not at every update: that would wait for the step before.
            if self._begun or bool(self.n_averaged > 0):
                self._average(pairs)
            else:
                for mean, value in pairs:
                    mean.copy_(value)
            if not self.use_buffers:
                for mean, value in zip(self.module.buffers(), model.buffers(), strict=True):
                    mean.copy_(value.to(mean.device))
            self.n_averaged.add_(1)
        self._begun = True
        flush()

    def _average(self, pairs: list[tuple[Tensor, Tensor]]) -> None:
        if self.avg_fn is not None:
            for mean, value in pairs:
                mean.copy_(self.avg_fn(mean.detach(), value, self.n_averaged.to(mean.device)))
            return
        alike: dict[Any, list[tuple[Tensor, Tensor]]] = {}
        for mean, value in pairs:
            alike.setdefault((mean.device, mean.dtype), []).append((mean, value))
        average = self.multi_avg_fn or get_swa_multi_avg_fn()
        for (device, _), some in alike.items():
            average([mean for mean, _ in some], [value for _, value in some], self.n_averaged.to(device))

    def _load_from_state_dict(self, *args: Any) -> None:
        self._begun = False
        super()._load_from_state_dict(*args)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of batch normalization anew, as the mean over the batches of a loader.

    Args:
        loader: gives batches: the model's input, or a list or tuple that begins with it.
        model: is called with each batch, in training mode and without gradients.
        device: where the input is moved; default: it stays.
    Source: torch.optim.swa_utils.update_bn.
    """
    layers = [module for module in model.modules() if isinstance(module, BatchNormNd)]
    if not layers:
        return
    training, momenta = model.training, [layer.momentum for layer in layers]
    with grad_mode(False):
        model.train()
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None
        for batch in loader:
            input = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(input if device is None else input.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """The learning rate goes from where it is to swa_lr, and stays there.

    Args:
        optimizer: whose groups get new learning rates.
        swa_lr: a number, or a list with one for each group.
        anneal_epochs: the number of epochs until it is there.
        anneal_strategy: "cos" or "linear".
        last_epoch: the number of epochs done, if training is resumed.
    Source: torch.optim.swa_utils.SWALR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for lr, group in zip(for_each_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates for this step: where the current one lies on the way tells where the way began."""
        self._warn_outside()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self._part(when) for when in (step - 1, step))
        lrs = []
        for group in self.optimizer.param_groups:
            lr, end = group["lr"], group["swa_lr"]
            start = end if before == 1 else (lr - before * end) / (1 - before)
            lrs.append(end * now + start * (1 - now))
        return lrs

    def _part(self, step: int) -> float:
        part = max(0, min(1, step / max(1, self.anneal_epochs)))
        return part if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * part)) / 2


def _tensors(model: Module, buffers: bool) -> Iterable[Tensor]:
    return chain(model.parameters(), model.buffers()) if buffers else model.parameters()


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
