"""Schedules along a cosine."""

from __future__ import annotations

import math
from typing import Any

from lamina.optim.lr_scheduler.scheduler import LRScheduler, group_values
from lamina.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """The learning rate falls to eta_min within T_max epochs along half a cosine, then rises again.

    lr = eta_min + (base - eta_min) (1 + cos(pi epoch / T_max)) / 2.

    Args:
        optimizer: whose groups get new learning rates.
        T_max: the number of epochs of the fall.
        eta_min: the lowest learning rate.
        last_epoch: the number of epochs done, if training is resumed.
    Source: torch.optim.lr_scheduler.CosineAnnealingLR; Loshchilov and Hutter 2016, SGDR, without restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates for `last_epoch`, from the current ones, so that others may have changed them."""
        self._warn_outside()
        epoch, low = self.last_epoch, self.eta_min
        groups = self.optimizer.param_groups
        if self._is_initial:
            return group_values(self.optimizer, "lr")
        if self._step_count == 1 and epoch > 0:
            factor = 1 + math.cos(epoch * math.pi / self.T_max)
            return [low + (lr - low) * factor / 2 for lr in self.base_lrs]
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # at the lowest point there is nothing to multiply
            factor = 1 - math.cos(math.pi / self.T_max)
            return [group["lr"] + (lr - low) * factor / 2 for lr, group in zip(self.base_lrs, groups, strict=True)]
        now = 1 + math.cos(math.pi * epoch / self.T_max)
        before = 1 + math.cos(math.pi * (epoch - 1) / self.T_max)
        return [now / before * (group["lr"] - low) + low for group in groups]

    def _get_closed_form_lr(self) -> list[Any]:
        factor = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (lr - self.eta_min) * factor / 2 for lr in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The learning rate falls to eta_min along half a cosine, starts again, and falls T_mult times as long.

    Args:
        optimizer: whose groups get new learning rates.
        T_0: the number of epochs of the first fall.
        T_mult: by what the number grows at each start.
        eta_min: the lowest learning rate.
        last_epoch: the number of epochs done, if training is resumed.
    Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; Loshchilov and Hutter 2016, SGDR.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The learning rates after T_cur of T_i epochs of this fall."""
        self._warn_outside()
        factor = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (lr - self.eta_min) * factor / 2 for lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to the one given, which may be a fraction: after batch i of n, epoch + i / n."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        with self._getting():
            values = self.get_lr()
        self._set(values)

    def _go_to(self, epoch: float) -> None:
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i = self.T_0
            self.T_cur = epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            falls = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**falls - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**falls
