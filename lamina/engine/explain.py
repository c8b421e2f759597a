"""Why a program was compiled: what was new, at which line, and how long it took."""

from __future__ import annotations

import warnings
import weakref
from dataclasses import dataclass
from typing import Any

from lamina.engine.program import GRAD, INPUT, Node, growing, roots, user_line

WARN_AFTER = 10
"""So many compilations for the same reason at one line, and a warning says so, once."""

RESTLESS_AFTER = 8
"""So many compilations in a row because of one line, none of them of use again, and what it records is run at once from
then on, if no gradient passes it.

Such lines prepare data: `x[: len(word)] = word` in a dataset is new with each length, and each row of a batch has its
own. In one program the lengths of all rows multiply; in programs of a few instructions each length is compiled once.
"""

restless: set[str] = set()
"""Lines at which the trace ends, since too many programs were new because of them."""


@dataclass(frozen=True)
class Compilation:
    """One compilation.

    Attributes:
        line: the line whose instruction made the program new.
        reason: what was new there.
        flushed_at: the line that made the program run.
        instructions: how many the program has.
        seconds: what tracing and compiling took.
        from_disk: whether it was read from the cache on disk instead.
    """

    line: str
    reason: str
    flushed_at: str
    instructions: int
    seconds: float
    from_disk: bool

    def __str__(self) -> str:
        how = "read from disk" if self.from_disk else "compiled"
        return f"{self.line}: {self.reason} ({self.instructions} instructions, {how} in {self.seconds:.3f} s)"


class Explanation(list[Compilation]):
    """The compilations so far, oldest first; printed one a line."""

    def __repr__(self) -> str:
        return "\n".join([f"{len(self)} programs compiled", *map(str, self)])


_compilations: list[Compilation] = []
_last_path: list[Node] = []
_by_place: dict[tuple[Any, ...], int] = {}
_by_line: dict[str, list[weakref.ref[Any]]] = {}
"""For each line, the last executables that it made new."""
_warned: set[str] = set()


def explain() -> Explanation:
    """Every compilation so far: the line and the shape, constant or operation that made it new."""
    return Explanation(_compilations)


def compilations() -> int:
    """How many programs were compiled (or read from disk) so far."""
    return len(_compilations)


def _describe(node: Node) -> str:
    if node.op is INPUT:
        spec, _ = node.static
        return f"an input {spec}"
    if node.op is GRAD:
        return "backward"
    parts = [str(spec) for spec in node.specs]
    static = f" with {node.static}" if node.static else ""
    numbers = [str(x.value) for x in node.operands if hasattr(x, "value")]
    constants = f", constant {', '.join(numbers)}" if numbers else ""
    return f"{node.op.name}{static} -> {', '.join(parts)}{constants}"


def _reason(path: list[Node]) -> tuple[str, str, Any]:
    """The line, the words and the place for the first node of this path that the program before did not have."""
    global _last_path
    before = {id(node) for node in _last_path}
    fresh = next((node for node in path if id(node) not in before), None)
    _last_path = path
    if fresh is None:
        return path[-1].line or user_line(), "the same instructions with other results alive", path[-1]
    siblings = [
        child
        for child in (fresh.parent.children.values() if fresh.parent else ())
        if isinstance(child, Node) and child is not fresh and child.op is fresh.op
    ]
    words = _describe(fresh)
    if siblings:
        words += f"; before: {_describe(siblings[-1])}"
    return fresh.line, words, (fresh.op.name, fresh.depth)


def compiled(path: list[Node], steps: list[Node], seconds: float, from_disk: bool, executable: Any) -> None:
    """Note a compilation, and warn if this line keeps compiling; `executable.uses` is 2 once it was used again."""
    line, reason, place = _reason(path)
    flushed_at = user_line()
    _compilations.append(Compilation(line, reason, flushed_at, len(steps), seconds, from_disk))
    if line and line not in restless and _keeps_compiling(line, executable):
        _end_at(line)
    key = (line, flushed_at, place)
    count = _by_place[key] = _by_place.get(key, 0) + 1
    if count == WARN_AFTER and line and line not in _warned:
        _warned.add(line)
        warnings.warn(
            f"lamina compiled {WARN_AFTER} programs because of {line}; the last one was new by {reason}. A size, a "
            f"Python constant or a branch changes from step to step there: keep shapes fixed (pad the last batch, or "
            f"drop it), or make the changing number an operand. lamina.engine.explain() lists every compilation.",
            RuntimeWarning,
            stacklevel=_user_level(),
        )


def _keeps_compiling(line: str, executable: Any) -> bool:
    """Whether this line has made so many programs new in a row that were never used again."""
    last = _by_line.setdefault(line, [])
    last.append(weakref.ref(executable))
    del last[:-RESTLESS_AFTER]
    found = [reference() for reference in last]
    return len(found) == RESTLESS_AFTER and all(x is None or x.uses < 2 for x in found)


def _end_at(line: str) -> None:
    """From now on the trace ends after each instruction of a line, those that are known already too."""
    with growing:
        restless.add(line)
        pending = roots()
        seen = set(pending)  # numbers that vary lead to one node by many keys
        while pending:
            node = pending.pop()
            children = {child for child in node.children.values() if isinstance(child, Node)} - seen
            seen |= children
            pending.extend(children)
            if node.line == line and node.op not in (INPUT, GRAD) and not node.tracked:
                node.ends, node.plain = True, False


def _user_level() -> int:
    import sys

    from lamina.engine.program import PACKAGE

    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((PACKAGE, "<lamina")):
        frame = frame.f_back
        level += 1
    return level


def reset() -> Any:
    """Forget the compilations noted so far (the programs stay)."""
    _compilations.clear()
    _by_place.clear()
    _by_line.clear()
    _warned.clear()
    restless.clear()
