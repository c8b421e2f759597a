"""The command line: `lamina run script.py`, `lamina demo`, `lamina doctor`; `python -m lamina` is the same.

A command is a function in a file of its own here, and one line below. What it cannot do it says by an exception: the
frame prints it in one line and ends with exit code 1. Exit code 2 is for wrong usage: `typer.BadParameter`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import lamina
from lamina.cli import convert, demo, doctor, inspect, run, train

__all__ = ["app", "main"]


def one_line(error: BaseException) -> str:
    """What went wrong: the error's class and its message, in one line."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {message}" if message else name


class _Commands(TyperGroup):
    """The commands; an exception of one of them becomes a line and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Typer's own (exit, abort, wrong usage) are for Typer; a broken pipe means that nobody reads any more.
            if ctx.params.get("traceback") or isinstance(error, (typer.Exit, typer.Abort, BrokenPipeError)):
                raise
            if type(error).__module__.partition(".")[0] in ("typer", "click"):
                raise
            command = f"lamina {ctx.invoked_subcommand}" if ctx.invoked_subcommand else "lamina"
            typer.echo(f"{command}: {one_line(error)}", err=True)
            raise typer.Exit(1) from error


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lamina {lamina.__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the whole traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """PyTorch's modules, tensors and autograd, run by XLA."""


app.command(no_args_is_help=True, context_settings=run.SETTINGS)(run.run)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.command()(inspect.inspect)
app.command()(convert.convert)
app.command()(train.train)


def main() -> None:
    """What the console script `lamina` calls."""
    app(prog_name="lamina")
