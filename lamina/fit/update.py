"""One step of training: forward, backward, clipping, the optimizer's step. It is one program, and nothing is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina.amp.grad_scaler import GradScaler
from lamina.fit.forward import Forward, Outcome
from lamina.nn.utils import clip_grad_norm_, clip_grad_value_
from lamina.optim import LBFGS, Optimizer
from lamina.tensor import Tensor, flush, grad_mode


class Update:
    """What `fit` does with a batch: what a loop written by hand would do.

    Args:
        forward: gives the loss.
        optimizer: takes the step.
        clip_norm, clip_value: limits on the gradients, or None.
        accumulate: over how many batches gradients are averaged before a step.
        scaler: of float16, or None.
        before_step: called between the gradients and the step.

    Attributes:
        pending: how many batches wait for a step.
        steps: how many steps the optimizer took.
    """

    def __init__(
        self,
        forward: Forward,
        optimizer: Optimizer,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        scaler: GradScaler | None = None,
        before_step: Callable[[], None] | None = None,
    ) -> None:
        if accumulate < 1:
            raise ValueError(f"fit: accumulate must be at least 1, got {accumulate}.")
        for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if limit is not None and not limit > 0:
                raise ValueError(f"fit: {name} must be positive, got {limit}.")
        self.forward, self.optimizer, self.scaler = forward, optimizer, scaler
        self.clip_norm, self.clip_value, self.accumulate = clip_norm, clip_value, accumulate
        self.before_step = before_step
        self.pending = self.steps = 0
        self._clips = clip_norm is not None or clip_value is not None
        self._searches = isinstance(optimizer, LBFGS)
        if self._searches and (self._clips or accumulate > 1 or scaler is not None):
            raise NotImplementedError(
                "fit: LBFGS evaluates the loss several times a step; clip_norm, clip_value, accumulate and fp16 are "
                "not supported with it."
            )

    def __call__(
        self, batch: Any, measure: Callable[[Outcome], None] | None = None, last: bool = False
    ) -> tuple[Tensor, dict[str, Any]]:
        """Train with a batch: its loss, unread, and the numbers beside it.

        `measure` is called with the outcome before the step, to be part of its program. Nobody holds the model's output
        then, so it need not be a result of that program. `last` says that no batch follows in this epoch: then the
        gradients that were accumulated are used, however many they are.
        """
        if self._searches:
            return self._search(batch, measure)
        if not self.pending:
            self.optimizer.zero_grad()
        outcome = self.forward(batch)
        loss = kept = outcome.loss
        if self.accumulate > 1:
            loss = loss / self.accumulate
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        loss.backward()
        if measure is not None:
            with grad_mode(False):
                measure(outcome)
        numbers = outcome.numbers
        del outcome
        self.pending += 1
        if last or self.pending == self.accumulate:
            self.step()
        else:
            flush()
        return kept, numbers

    def step(self) -> None:
        """Let the optimizer use the gradients."""
        if self.pending < self.accumulate:
            self._weigh(self.accumulate / self.pending)  # the mean over fewer batches
        self.pending = 0
        self.steps += 1
        if self.scaler is None:
            if self._clips:
                self._clip()
            if self.before_step is not None:
                self.before_step()
            self.optimizer.step()
            return
        self.scaler.unscale_(self.optimizer)
        if self._clips:
            self._clip()
        if self.before_step is not None:
            self.before_step()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def finish(self) -> None:
        """At the end of an epoch whose length was not known: a step with what gradients there are."""
        if self.pending:
            self.step()

    def _parameters(self) -> list[Any]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def _clip(self) -> None:
        if self.clip_value is not None:
            clip_grad_value_(self._parameters(), self.clip_value)
        if self.clip_norm is not None:
            clip_grad_norm_(self._parameters(), self.clip_norm)

    def _weigh(self, factor: float) -> None:
        with grad_mode(False):
            for p in self._parameters():
                if p.grad is not None:
                    p.grad.mul_(factor)

    def _search(self, batch: Any, measure: Callable[[Outcome], None] | None) -> tuple[Tensor, dict[str, Any]]:
        found: list[tuple[Tensor, dict[str, Any]]] = []

        def closure() -> Any:
            self.optimizer.zero_grad()
            outcome = self.forward(batch)
            outcome.loss.backward()
            if not found:
                found.append((outcome.loss, outcome.numbers))
                if measure is not None:
                    with grad_mode(False):
                        measure(outcome)
            return outcome.loss

        if self.before_step is not None:
            self.before_step()
        self.optimizer.step(closure)
        self.steps += 1
        return found[0]
