"""`lamina train`: what a file describes, and one line for what it cannot mean."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

import lamina
from lamina.cli import app
from lamina.fit.checkpoint import Checkpoint

MODULE = """
import lamina
from lamina import fit, nn

class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 3))
    def forward(self, x):
        return self.layers(x)

def training(count=40):
    x = lamina.randn(count, 4)
    return x, x[:, :3].argmax(1)

def size(output, target):
    return output.square().mean()

class Odd(fit.Callback):
    pass
"""
CONFIG = """
model = { name = "shop_of_tests:Net", hidden = 4 }
data = "shop_of_tests:training"
valid = 0.2
loss = "cross_entropy"
optimizer = { name = "adam", lr = 1e-2 }
metrics = ["accuracy", "shop_of_tests:size", { name = "F1", average = "micro" }]
epochs = 2
batch_size = 16
seed = 0
checkpoint = { folder = "runs/a", best = "valid_loss" }

[[callbacks]]
name = "shop_of_tests:Odd"

[[callbacks]]
name = "Schedule"
schedule = { name = "StepLR", step_size = 1, gamma = 0.5 }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    (tmp_path / "shop_of_tests.py").write_text(MODULE)
    (tmp_path / "config.toml").write_text(CONFIG)
    lamina.engine.reset()
    yield tmp_path
    sys.modules.pop("shop_of_tests", None)


def invoke(*arguments):
    return CliRunner().invoke(app, ["train", "config.toml", *arguments])


def test_it_trains_and_goes_on(shop):
    result = invoke()
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split()[:6] == ["epoch", "loss", "accuracy", "size", "f1", "lr"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2"]
    assert [line.split()[5] for line in lines[1:]] == ["0.01", "0.005"]
    assert len(Checkpoint("runs/a").files()) == 2
    longer = invoke("--set", "epochs=3").stdout.splitlines()
    assert [line.split() for line in longer[:3]] == [line.split() for line in lines]
    assert longer[3].split()[0] == "3"
    state = lamina.load(Checkpoint("runs/a").files()[-1])
    assert state["model"]["layers.0.weight"].shape == (4, 4)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("optimzer.lr=3", "optimzer: there is no such key. Did you mean 'optimizer'?"),
        ("epochs=many", "epochs: it must be a whole number, got 'many'."),
        ("shuffle=1", "shuffle: it must be a bool, got 1."),
        ("model=net:Net", "model: no module 'net' is found for 'net:Net'."),
        ("model=shop_of_tests:Ned", "model: shop_of_tests has no 'Ned'. Did you mean 'Net'?"),
        ("model.depth=3", "model: Net.__init__() got an unexpected keyword argument 'depth'"),
        ("model=shop_of_tests:training", "model: 'shop_of_tests:training' must give a Module, got tuple."),
        ("data.count=x.y", "data: a size must be an int, got str x.y."),
        ("optimizer.rate=1", "optimizer: Adam.__init__() got an unexpected keyword argument 'rate'"),
        ("optimizer.name=adan", "optimizer: lamina.optim has no 'adan'. Did you mean 'Adam'?"),
        ("checkpoint.kep=3", "checkpoint: Checkpoint.__init__() got an unexpected keyword argument 'kep'"),
        ("callbacks=[{name='shop_of_tests:training'}]", "callbacks[0]: 'shop_of_tests:training' must give a Callback"),
        ("metrics=['acuracy']", "metrics: no metric is called 'acuracy'. Did you mean 'accuracy'?"),
        ("epochs", "--set epochs: it must be key=value."),
        ("epochs.a=1", "--set epochs.a=1: epochs is no table."),
    ],
)
def test_one_line_names_the_key(shop, change, line):
    result = invoke("--set", change)
    assert result.exit_code == 1
    (said,) = result.stderr.splitlines()
    assert line in said
    assert said.startswith("lamina train: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("epochs = ", "config.toml: it is no TOML: "),
        ("data = 'a:b'", "model: it is missing; give one such as model = 'module:name'."),
        ("model = 'shop_of_tests:Net'\ndata = 'a:b'", "loss: it is missing; give a name such as 'cross_entropy', or"),
    ],
)
def test_what_is_missing(shop, text, line):
    (shop / "config.toml").write_text(text)
    result = invoke()
    assert result.exit_code == 1
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1
