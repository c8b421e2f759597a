"""Timing several contenders fairly on a machine that is never quiet.

They take turns in short blocks; a block ends by reading its last loss, since XLA computes while Python goes on. What is
compared is the median of the ratios within a round, in which all contenders saw the same neighbours.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.apart import Contender


def run_block(step: Callable[[], Any], count: int) -> float:
    """Seconds of `count` steps, the last one's result read."""
    begin = time.perf_counter()
    for _ in range(count):
        result = step()
    read(result)
    return time.perf_counter() - begin


def read(result: Any) -> float:
    """The number in a result, waiting for it."""
    if isinstance(result, float):
        return result
    result = result.detach() if hasattr(result, "detach") else result
    while result.ndim:
        result = result[0]
    return float(result)


def steps_per_block(step: Callable[[], Any], seconds: float) -> int:
    """How many steps take about `seconds`, after enough of them that everything is compiled."""
    run_block(step, 5)
    count = 1
    while (taken := run_block(step, count)) < seconds / 2 and count < 100_000:
        count = max(count + 1, min(count * 10, int(count * seconds / max(taken, 1e-6))))
    return count


def interleave(
    contenders: Mapping[str, Contender], rounds: int, seconds: float, noise: list[float] | None = None
) -> dict[str, list[float]]:
    """Seconds per step of each contender in each round. Each begins as many rounds as any other.

    The `rounds` quietest of up to three times as many are kept; how loud those were is appended to `noise`.
    """
    names = list(contenders)
    counts = {name: contenders[name].steps_per_block(seconds) for name in names}

    def one_round(turn: int) -> dict[str, float]:
        begin = turn % len(names)
        return {name: contenders[name].run_block(counts[name]) / counts[name] for name in names[begin:] + names[:begin]}

    kept = quiet_rounds(one_round, rounds, noise, list(contenders.values()))
    return {name: [times[name] for times in kept] for name in names}


def quiet_rounds(
    one_round: Callable[[int], dict[str, float]],
    rounds: int,
    noise: list[float] | None = None,
    contenders: Sequence[Contender] = (),
) -> list[dict[str, float]]:
    """Repeat `one_round(turn)` until `rounds` were quiet, at most three times as often; the quietest ones' results.

    Other processes do not slow all contenders alike: threads that wait for each other by spinning, as PyTorch's do,
    can take a hundred times as long when one of them is put off its processor. Such a round says nothing of a library.
    """
    found: list[tuple[float, int, dict[str, float]]] = []
    for turn in range(3 * rounds):
        before, begin = _busy_elsewhere(contenders), time.perf_counter()
        result = one_round(turn)
        elsewhere = (_busy_elsewhere(contenders) - before) / (time.perf_counter() - begin)
        found.append((elsewhere, turn, result))
        if sum(share < QUIET for share, _, _ in found) == rounds:
            break
    quietest = sorted(found, key=lambda item: item[:2])[:rounds]
    if noise is not None:
        noise.append(quietest[-1][0])
    return [result for _, _, result in sorted(quietest, key=lambda item: item[1])]


QUIET = 0.05
"""The part of one processor that other processes may take in a quiet round."""


def _busy_elsewhere(contenders: Sequence[Contender]) -> float:
    """Seconds the processors have worked for others than this process and what it started; 0 where that is unknown."""
    try:
        with open("/proc/stat") as statistics_of_all:
            fields = [int(field) for field in statistics_of_all.readline().split()[1:9]]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, interrupts, soft_interrupts, stolen = fields
    busy = (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")
    return busy - sum(os.times()[:4]) - sum(contender.processor_seconds() for contender in contenders)


def ratio(times: dict[str, list[float]], name: str, beside: str) -> float | None:
    """The median over rounds of one contender's time as a part of another's; None if one of them did not run."""
    if not times.get(name) or not times.get(beside):
        return None
    return statistics.median(a / b for a, b in zip(times[name], times[beside], strict=True))
