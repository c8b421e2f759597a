"""L-BFGS, with and without a line search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lamina import creation, dtypes, functions
from lamina.optim.optimizer import Optimizer, check_lr, zeros_like
from lamina.tensor import Tensor, alias_value, assign, grad_mode, values_of, wrap


class LBFGS(Optimizer):
    """L-BFGS: steps along the gradient times an inverse Hessian that the last changes of the gradient imply.

    One `step(closure)` makes up to max_iter iterations. There is one group, without options per parameter. What decides
    the next iteration is read in one piece, after one program: closure, gradient and the numbers made of it.

    Args:
        params: tensors or (name, tensor) pairs.
        lr: the step size, and with a line search its first guess.
        max_iter: iterations in one `step`.
        max_eval: evaluations of the closure in one `step`; default: 1.25 max_iter.
        tolerance_grad: stop where no element of the gradient is larger.
        tolerance_change: stop where neither loss nor parameters change by more.
        history_size: how many changes are remembered. Memory for all of them is taken at the first step.
        line_search_fn: None or 'strong_wolfe'.
    State, of the first parameter:
        func_evals, n_iter: counts of evaluations and iterations.
        d, t, prev_flat_grad, prev_loss: last direction, step size, gradient and loss.
        old_dirs, old_stps, ro, count, H_diag: the history, see `lamina.functions.lbfgs_direction`.
    Source: torch.optim.LBFGS; Nocedal and Wright, Numerical Optimization; Mark Schmidt's minFunc.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Make up to max_iter iterations; the first loss.

        Args:
            closure: clears the gradients, computes the loss, calls `backward`, returns the loss.
        """
        with grad_mode(False), np.errstate(all="ignore"):
            return self._step(closure)

    def _step(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        params = group["params"]
        lr = float(group["lr"])
        tolerance_change = group["tolerance_change"]
        search = group["line_search_fn"]
        if search not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state = self.state[params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        point = _evaluate(self, closure, params, None)
        orig_loss = point.returned
        evaluations = 1
        state["func_evals"] += 1
        if point.largest <= group["tolerance_grad"]:
            return orig_loss

        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            slope, longest = self._direction(state, point, group["history_size"])
            direction = state["d"]
            prev_loss = state["prev_loss"] = point.loss
            state["prev_flat_grad"] = point.grad
            t = min(1.0, 1.0 / point.summed) * lr if state["n_iter"] == 1 else lr
            state["t"] = float(t)
            if slope > -tolerance_change:
                break

            evaluated = 0
            if search is not None:
                line = _Line(self, closure, params, direction)
                point, t, evaluated = _strong_wolfe(
                    line, t, longest, point, slope, max_steps=group["max_eval"] - evaluations
                )
                state["t"] = float(t)
                line.move(t)
            else:
                _Line(self, closure, params, direction).move(t)
                if iteration != group["max_iter"]:
                    # Not in the last iteration: a stochastic closure would not give the same again anyway.
                    point = _evaluate(self, closure, params, None)
                    evaluated = 1
            evaluations += evaluated
            state["func_evals"] += evaluated

            if (
                evaluations >= group["max_eval"]
                or point.largest <= group["tolerance_grad"]
                or longest * abs(t) <= tolerance_change
                or abs(point.loss - prev_loss) < tolerance_change
            ):
                break
        return orig_loss

    def _direction(self, state: dict[str, Any], point: _Point, history_size: int) -> tuple[Any, Any]:
        """Put the next direction into the state; its slope and its largest magnitude."""
        if state["n_iter"] == 1:
            state["d"], numbers = functions.lbfgs_start(point.grad)
            state.update(_empty_history(point.grad, history_size))
        else:
            _unpack_lists(state, point.grad, history_size)
            names = ("d", "old_dirs", "old_stps", "ro", "H_diag", "count")
            history = [state[name] for name in names]
            arguments: Any = (point.grad, state["prev_flat_grad"], *history, state["t"])
            *new, numbers = functions.lbfgs_direction(*arguments)
            # The old tensors are written to, not replaced: then nothing else holds their memory, and it is reused.
            assign([state[name] for name in names], values_of(new))
        slope, longest = numbers.tolist()
        return point.kind(slope), point.kind(longest)


class _Point:
    """The loss at a point, its gradient, and numbers made of it, as NumPy's scalars of the gradient's type.

    Mixed with Python floats these are rounded as PyTorch's 0-dim tensors are, so a line search takes the same turns.
    """

    __slots__ = ("grad", "kind", "largest", "loss", "returned", "slope", "summed")

    def __init__(self, returned: Any, grad: Tensor, numbers: list[float]) -> None:
        self.returned = returned
        self.grad = grad
        self.kind = grad.dtype.numpy.type
        self.loss = numbers[0]
        self.slope, self.largest, self.summed = map(self.kind, numbers[1:])


def _evaluate(optimizer: LBFGS, closure: Callable[[], Any], params: list[Tensor], direction: Tensor | None) -> _Point:
    returned = optimizer.evaluate(closure)
    grads = [zeros_like(p) if p.grad is None else p.grad for p in params]
    grad, numbers = functions.lbfgs_probe(returned, grads, direction)
    return _Point(returned, grad, numbers.tolist())


def _empty_history(grad: Tensor, history_size: int) -> dict[str, Tensor]:
    def zeros(*shape: int) -> Tensor:
        return creation.tensor(np.zeros(shape, grad.dtype.numpy), dtype=grad.dtype, device=grad.device)

    return {
        "old_dirs": zeros(history_size, grad.numel()),
        "old_stps": zeros(history_size, grad.numel()),
        "ro": zeros(history_size),
        "H_diag": creation.tensor(1.0, dtype=grad.dtype, device=grad.device),
        "count": creation.tensor(0, dtype=dtypes.int64, device=grad.device),
    }


def _unpack_lists(state: dict[str, Any], grad: Tensor, history_size: int) -> None:
    """Take a history as PyTorch saves it, lists from old to new, into arrays."""
    if not isinstance(state["old_dirs"], list):
        return
    lists = {name: state[name][-history_size:] for name in ("old_dirs", "old_stps", "ro")}
    h_diag = float(state["H_diag"])
    state.update(_empty_history(grad, history_size))
    for name, items in lists.items():
        for row, item in enumerate(items):
            state[name][row] = item
    state["H_diag"].fill_(h_diag)
    state["count"].fill_(len(lists["ro"]))
    state.pop("al", None)


class _Line:
    """The points along a direction from where the parameters are."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any], params: list[Tensor], direction: Tensor) -> None:
        self.optimizer, self.closure, self.params, self.direction = optimizer, closure, params, direction
        self.start = [wrap(alias_value(p.current())) for p in params]

    def move(self, t: Any) -> None:
        """Put the parameters a step t along the line."""
        assign(self.params, values_of(functions.lbfgs_move(self.start, self.direction, float(t))))

    def at(self, t: Any) -> _Point:
        """Loss and gradient a step t along the line. The parameters stay there."""
        self.move(t)
        return _evaluate(self.optimizer, self.closure, self.params, self.direction)


class _End:
    """One end of a bracket: a step size and what was found there."""

    __slots__ = ("loss", "point", "slope", "t")

    def __init__(self, t: Any, point: _Point, slope: Any) -> None:
        self.t, self.point, self.loss, self.slope = t, point, point.loss, slope


def _strong_wolfe(
    line: _Line,
    t: Any,
    longest: Any,
    point: _Point,
    slope: Any,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance_change: float = 1e-9,
    max_steps: int = 25,
) -> tuple[_Point, Any, int]:
    """A step size where the loss has fallen enough and the slope is flat enough: (the point there, t, evaluations).

    First the step grows until such a point lies between two ends of a bracket, then the bracket shrinks.
    """
    start = _End(0, point, slope)
    previous, new = start, line.at(t)
    end = _End(t, new, new.slope)
    evaluations = 1
    steps = 0
    done = False
    bracket = None
    while steps < max_steps:
        if end.loss > point.loss + c1 * end.t * slope or (steps > 1 and end.loss >= previous.loss):
            bracket = [previous, end]
            break
        if abs(end.slope) <= -c2 * slope:
            bracket = [end]
            done = True
            break
        if end.slope >= 0:
            bracket = [previous, end]
            break
        low, high = end.t + 0.01 * (end.t - previous.t), end.t * 10
        t = _cubic_minimum(previous, end, low, high)
        new = line.at(t)
        previous, end = end, _End(t, new, new.slope)
        evaluations += 1
        steps += 1
    if bracket is None:
        bracket = [start, end]

    stalled = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    while not done and steps < max_steps:
        if abs(bracket[1].t - bracket[0].t) * longest < tolerance_change:
            break
        t = _cubic_minimum(*bracket)
        t, stalled = _away_from_ends(t, bracket[0].t, bracket[1].t, stalled)
        new = line.at(t)
        end = _End(t, new, new.slope)
        evaluations += 1
        steps += 1
        if end.loss > point.loss + c1 * t * slope or end.loss >= bracket[low].loss:
            bracket[high] = end
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
        else:
            if abs(end.slope) <= -c2 * slope:
                done = True
            elif end.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = end
    return bracket[low].point, bracket[low].t, evaluations


def _away_from_ends(t: Any, t0: Any, t1: Any, stalled: bool) -> tuple[Any, bool]:
    """Where to look instead of t if that is near an end of the bracket for the second time, and whether it was near."""
    low, high = min(t0, t1), max(t0, t1)
    eps = 0.1 * (high - low)
    if min(high - t, t - low) >= eps:
        return t, False
    if stalled or t >= high or t <= low:
        return (high - eps if abs(t - high) < abs(t - low) else low + eps), False
    return t, True


def _cubic_minimum(a: _End, b: _End, low: Any = None, high: Any = None) -> Any:
    """The minimum of the cubic through two points with their slopes, kept within bounds (default: the two)."""
    if low is None:
        low, high = (a.t, b.t) if a.t <= b.t else (b.t, a.t)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = type(square)(math.sqrt(square))
    if a.t <= b.t:
        minimum = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        minimum = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(minimum, low), high)
