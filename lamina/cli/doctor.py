"""`lamina doctor`: versions, devices, caches, and whether a training step computes what it should."""

from __future__ import annotations

import typer

import lamina


def doctor() -> None:
    """Say what lamina finds on this machine.

    [bold]Examples[/bold]

        lamina doctor
    """
    typer.echo(f"lamina {lamina.__version__}")
