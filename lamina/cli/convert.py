"""`lamina convert`: weights from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lamina.io.convert import convert as convert_file

Source = Annotated[Path, typer.Argument(help="What to read: a file of weights, an index, or a folder.")]
Target = Annotated[Path, typer.Argument(help="What to write; the suffix says the format.")]
Dtype = Annotated[str | None, typer.Option("--dtype", help="A type for all floating tensors, such as bfloat16.")]
Shard = Annotated[str | None, typer.Option("--max-shard-size", help="Several safetensors files of at most this: 5GB.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]


def convert(
    source: Source, target: Target, dtype: Dtype = None, max_shard_size: Shard = None, force: Force = False
) -> None:
    """Write the weights in one file into another: `.safetensors`, `.pt` and `.pth`, `.npz`, or `.lamina`.

    The new file appears only once it is complete.

    [bold]Examples[/bold]

        lamina convert pytorch_model.bin model.safetensors

        lamina convert model.safetensors half.safetensors --dtype float16

        lamina convert folder/ model.pt --force
    """
    count = convert_file(source, target, dtype=dtype, max_shard_size=max_shard_size, overwrite=force)
    typer.echo(f"{target}: {count} tensors")
