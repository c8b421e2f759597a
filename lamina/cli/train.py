"""`lamina train`: train what a file describes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lamina.fit import config as description

Config = Annotated[Path, typer.Argument(help="A TOML file.", exists=True, dir_okay=False)]
Changes = Annotated[list[str] | None, typer.Option("--set", help="Change a key: optimizer.lr=0.01. May be repeated.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def train(config: Config, changes: Changes = None, quiet: Quiet = False) -> None:
    """Train a model that is given by its import path, with data, loss and optimizer, all named in a TOML file.

    With a checkpoint, training that was stopped goes on where it was.

    [bold]Example[/bold]

        lamina train digits.toml --set epochs=20 --set optimizer.lr=0.01

    [bold]digits.toml[/bold]

        model = { name = "digits:Net", hidden = 64 }

        data = "digits:training"

        loss = "cross_entropy"

        optimizer = { name = "adam", lr = 1e-3 }

        metrics = ["accuracy"]

        epochs = 10

        checkpoint = "runs/a"

        seed = 0
    """
    fitted = description.train(description.read(config, changes or []), False if quiet else None)
    typer.echo(str(fitted.history))
    if fitted.why:
        typer.echo(f"stopped: {fitted.why}")
