"""`lamina run`: runs a program written for PyTorch, unchanged."""

from __future__ import annotations

import atexit
import io
import os
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Annotated

import typer

import lamina

SETTINGS = {"allow_interspersed_args": False}
"""What comes after the script's name is for the script, options too."""

CHILD = '''"""`import torch` in processes that a program under `lamina run` starts: this folder is on their path."""
import sys
import lamina
del sys.modules[__name__]
lamina.as_torch()
'''


def run(
    arguments: Annotated[
        list[str], typer.Argument(metavar="SCRIPT [ARGS]...", help="The script, and what it is given.")
    ],
    module: Annotated[bool, typer.Option("-m", help="The script is a module, by its name.")] = False,
) -> None:
    """Run a program written for PyTorch: its `import torch` finds lamina.

    The program is as it would be under `python`: its arguments, its path, its name. What it starts by
    `multiprocessing` finds lamina too.

    [bold]Examples[/bold]

        lamina run train.py --epochs 3

        lamina run -m package.train --epochs 3
    """
    name, *given = arguments
    if not module and not os.path.exists(name):
        raise typer.BadParameter(f"There is no file {name}.")
    lamina.as_torch()
    sys.argv = [name, *given]
    whole = os.path.isdir(name)  # a folder with a __main__.py
    first = os.getcwd() if module else name if whole else os.path.dirname(os.path.realpath(name))
    sys.path[:1] = [first, _path_of_children()]
    sys.excepthook = sys.__excepthook__  # typer's own would hide what the program prints
    try:
        if module:
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        elif whole or _is_archive(name):
            runpy.run_path(name, run_name="__main__")
        else:
            _execute(name)
    except (Exception, KeyboardInterrupt) as error:
        error.__traceback__ = _of_program(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        raise typer.Exit(130 if isinstance(error, KeyboardInterrupt) else 1) from error


def _execute(script: str) -> None:
    """Run a file as Python does: in a new module `__main__`."""
    with io.open_code(os.path.abspath(script)) as file:
        code: CodeType = compile(file.read(), script, "exec")
    main = ModuleType("__main__")
    vars(main).update(__file__=script, __builtins__=__builtins__, __cached__=None, __annotations__={})
    sys.modules["__main__"] = main
    exec(code, vars(main))


def _is_archive(script: str) -> bool:
    """Whether it is a zip file with a `__main__`, or compiled code, which `runpy` knows how to run."""
    import zipfile

    return script.endswith(".pyc") or zipfile.is_zipfile(script)


def _path_of_children() -> str:
    """A folder with a module `torch` that turns to lamina. This process never looks into it, those it starts do."""
    folder = tempfile.mkdtemp(prefix="lamina-run-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder, "torch.py").write_text(CHILD)
    return folder


def _of_program(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins in the program."""
    ours = {os.path.abspath(__file__), runpy.__file__, "<frozen runpy>"}
    while traceback is not None and traceback.tb_frame.f_code.co_filename in ours:
        traceback = traceback.tb_next
    return traceback
