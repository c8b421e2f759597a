"""Fresh processes: importing lamina and training warn of nothing, and leave no files where none are wanted."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

STEP = """
import lamina
from lamina import nn
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 2))
optimizer = lamina.optim.AdamW(net.parameters())
optimizer.zero_grad()
loss = nn.functional.cross_entropy(net(lamina.randn(5, 3)), lamina.tensor([0, 1, 0, 1, 1]))
loss.backward()
optimizer.step()
print(loss.dim())
"""
BOOK = """
import lamina.rtorch as rt
layer = rt.nn_linear(16, 5)
print(rt.torch_randn(2, 16).matmul(layer.weight.t()).dim())
"""


def fresh(code: str, *options: str, **environment: str) -> str:
    """What a process of its own prints; what it writes to its error output is an error."""
    run = subprocess.run(
        [sys.executable, *options, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("code", "output"), [("import lamina", ""), (STEP, "0"), (BOOK, "2")], ids=["import", "step", "rtorch"]
)
def test_nothing_warns(code, output):
    assert fresh(code, "-W", "error") == output


def test_a_step_in_a_second_process_warns_of_nothing(tmp_path):
    for _ in range(2):  # the second reads its program from disk
        assert fresh(STEP, "-W", "error", LAMINA_CACHE_DIR=str(tmp_path)) == "0"
    assert {file.suffix for file in tmp_path.iterdir()} == {".program"}


def test_importing_lamina_imports_neither_pytorch_nor_what_only_extras_need():
    code = "import sys, lamina; print(*{'torch', 'matplotlib', 'pandas', 'flax', 'orbax', 'grain'} & set(sys.modules))"
    assert fresh(code) == ""


def test_the_cache_goes_where_it_is_told(tmp_path):
    code = "import lamina; print(lamina.engine.cache_folder()); (lamina.rand(3) * 2).tolist()"
    own = tmp_path / "own" / "deep"
    assert fresh(code, LAMINA_CACHE_DIR=str(own)) == str(own)
    assert len(list(own.glob("*.program"))) == 1
    assert oct(own.stat().st_mode & 0o777) == "0o700"


def test_the_cache_is_in_the_users_cache_folder_by_default(tmp_path):
    code = "import lamina; print(lamina.engine.cache_folder())"
    assert fresh(code, LAMINA_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path)) == str(tmp_path / "lamina")
    assert fresh(code, LAMINA_CACHE_DIR="", XDG_CACHE_HOME="", HOME=str(tmp_path)) == str(
        tmp_path / ".cache" / "lamina"
    )


@pytest.mark.parametrize("setting", ["off", "OFF", "0", "none"])
def test_the_cache_can_be_turned_off(setting, tmp_path):
    code = "import lamina; print(lamina.engine.cache_folder()); (lamina.rand(3) * 2).tolist()"
    assert fresh(code, LAMINA_CACHE_DIR=setting, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)) == "None"
    assert not list(tmp_path.rglob("*.program"))


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    code = "import lamina; print(lamina.engine.cache_folder(), (lamina.ones(3) * 2).tolist())"
    assert fresh(code, LAMINA_CACHE_DIR=str(tmp_path / "file" / "folder")) == "None [2.0, 2.0, 2.0]"
