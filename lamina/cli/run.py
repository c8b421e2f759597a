"""`lamina run`: runs a program written for PyTorch, unchanged."""

from __future__ import annotations

from typing import Annotated

import typer

SETTINGS = {"allow_interspersed_args": False}
"""What comes after the script's name is for the script, options too."""


def run(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="SCRIPT [ARGS]...", help="The script, and what it is given.")
    ] = None,
    module: Annotated[str | None, typer.Option("-m", metavar="MODULE", help="Run a module instead of a file.")] = None,
) -> None:
    """Run a program written for PyTorch: its `import torch` finds lamina.

    [bold]Examples[/bold]

        lamina run train.py --epochs 3

        lamina run -m package.train --epochs 3
    """
    raise NotImplementedError("lamina run is on its way.")
