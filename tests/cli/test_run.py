"""`lamina run`: a program finds lamina as torch, and everything else as under Python."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import sys
import torch
print(__name__, __file__, sys.argv, sys.path[0], torch.__name__, torch.nn.__name__)
if __name__ == "__main__" and sys.argv[1:] == ["--fail"]:
    def inner():
        raise KeyError("mine")
    inner()
if sys.argv[1:] == ["--exit"]:
    sys.exit(7)
"""

CHILDREN = """
import multiprocessing
import sys

def work(queue):
    import torch
    queue.put(torch.nn.__name__)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    print(queue.get(timeout=60))
    process.join()
"""


def run(*arguments: str, cwd=None):
    path = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", "-m", "lamina", "run", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env={**os.environ, "PYTHONPATH": path}, timeout=120
    )


def test_a_script_is_the_main_program(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = run(str(script), "--help", "-x", "3")
    assert done.returncode == 0, done.stderr
    expected = f"__main__ {script} {[str(script), '--help', '-x', '3']} {tmp_path} torch lamina.nn\n"
    assert done.stdout == expected


def test_an_error_of_the_script_shows_the_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = run(str(script), "--fail")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{script}", line 8, in <module>'
    assert lines[-1] == "KeyError: 'mine'"
    assert "cli" not in done.stderr


def test_a_module(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "part.py").write_text(SCRIPT)
    done = run("-m", "package.part", "--exit", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    file = tmp_path / "package" / "part.py"
    assert done.stdout == f"__main__ {file} {[str(file), '--exit']} {tmp_path} torch lamina.nn\n"


def test_processes_that_a_script_starts_find_lamina_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(CHILDREN)
    done = run(str(script))
    assert (done.returncode, done.stdout) == (0, "lamina.nn\n"), done.stderr
