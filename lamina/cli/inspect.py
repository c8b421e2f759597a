"""`lamina inspect`: what is in a file of weights."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamina.io.errors import printable
from lamina.io.listing import Facts, Line, Listing, listing

_UNITS = ("B", "kB", "MB", "GB", "TB")

File = Annotated[Path, typer.Argument(help="A file of weights, an index of several, or the folder they are in.")]
WithStats = Annotated[bool, typer.Option("--stats", help="Read the numbers: NaN, infinite, least, largest, mean.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


def inspect(file: File, stats: WithStats = False, as_json: AsJson = False) -> None:
    """List the tensors in a file: names, types, shapes, sizes, and what is wrong with their numbers.

    Reads lamina's own files, PyTorch's, safetensors in one file or several, and NumPy's. Nothing in them is run.

    [bold]Examples[/bold]

        lamina inspect model.safetensors

        lamina inspect checkpoint.pt --stats

        lamina inspect folder/ --json
    """
    found = listing("inspect", file, facts=stats)
    if as_json:
        typer.echo(json.dumps(described(found), indent=2, ensure_ascii=False))
        return
    console = Console(width=None if sys.stdout.isatty() else 1000)  # in a pipe, lines are as long as they are
    for name, text in found.metadata.items():
        console.print(printable(f"{name}: {text}"), markup=False, highlight=False)
    console.print(table(found, stats))
    console.print(summary(found), markup=False, highlight=False)


def described(found: Listing) -> dict[str, Any]:
    """A listing as JSON: numbers that JSON has not are texts."""
    tensors = [
        {
            "name": line.name,
            "dtype": line.dtype,
            "shape": list(line.shape),
            "bytes": line.bytes,
            "file": line.file,
            **({} if line.facts is None else line.facts._asdict()),
        }
        for line in found.lines
    ]
    return {"format": found.format, "metadata": found.metadata, "tensors": tensors, **totals(found)}


def totals(found: Listing) -> dict[str, int]:
    """How many tensors, elements and bytes there are."""
    return {
        "count": len(found.lines),
        "elements": sum(math.prod(line.shape) for line in found.lines),
        "total_bytes": sum(line.bytes for line in found.lines),
    }


def table(found: Listing, stats: bool) -> Table:
    """A listing as a table; the file is named only if there are several."""
    files = len({line.file for line in found.lines}) > 1
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    longest = max((len(line.name) for line in found.lines), default=4)
    made.add_column("name", overflow="fold", min_width=min(longest, 32))
    for title in ("type", "shape"):
        made.add_column(title, no_wrap=True)
    for title in ("size", *(("NaN", "inf", "min", "max", "mean") if stats else ())):
        made.add_column(title, justify="right", no_wrap=True)
    if files:
        made.add_column("file", overflow="fold")
    for line in found.lines:
        row = [*cells(line, stats), *([line.file] if files else [])]
        made.add_row(*(Text(printable(cell)) for cell in row), style=_style(line.facts))  # a Text has no markup
    return made


def cells(line: Line, stats: bool) -> list[str]:
    """One row of the table."""
    shape = " x ".join(map(str, line.shape)) or "scalar"
    plain = [line.name, line.dtype, shape, in_bytes(line.bytes)]
    if not stats:
        return plain
    if line.facts is None:
        return [*plain, *[""] * 5]
    nan, inf, *others = line.facts
    return [*plain, str(nan), str(inf), *("" if x is None else f"{x:.4g}" for x in others)]


def _style(facts: Facts | None) -> str:
    return "red" if facts is not None and (facts.nan or facts.inf) else ""


def summary(found: Listing) -> str:
    """The last line: format and totals."""
    numbers = totals(found)
    what = "tensor" if numbers["count"] == 1 else "tensors"
    text = f"{found.format}: {numbers['count']} {what}, {numbers['elements']:,} elements, "
    bad = sum(1 for line in found.lines if line.facts is not None and (line.facts.nan or line.facts.inf))
    return text + in_bytes(numbers["total_bytes"]) + (f", {bad} with NaN or infinite numbers" if bad else "")


def in_bytes(count: int) -> str:
    """A number of bytes for people: `1.5 MB`, where a kB has 1000 bytes."""
    if count < 1000:
        return f"{count} B"
    power = min(int(math.log10(count + 0.0005 * count)) // 3, len(_UNITS) - 1)
    return f"{count / 1000**power:.3g} {_UNITS[power]}"
