"""The command line's frame: help, wrong usage, errors in one line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import lamina
from lamina.cli import app, doctor

COMMANDS = ["run", "demo", "doctor"]


def call(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="lamina")


def test_the_version():
    result = call("--version")
    assert (result.exit_code, result.output) == (0, f"lamina {lamina.__version__}\n")


def test_help_lists_the_commands():
    result = call("--help")
    assert result.exit_code == 0
    assert all(f" {name} " in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_has_examples(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "Examples" in result.output
    assert f"lamina {name}" in result.output.partition("Examples")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["demo", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["run", "no/such/script.py"], "There is no file no/such/script.py"),
        (["run", "-m"], "Missing argument 'SCRIPT [ARGS]...'"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments, message):
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_an_error_is_one_line(monkeypatch):
    monkeypatch.setattr(doctor, "check", lambda place: (1.0, 0.0, 0.0))
    result = call("doctor")
    assert result.exit_code == 1
    message = "lamina doctor: RuntimeError: a training step on cpu differs from NumPy's by 1.0e+00, allowed is 1e-05\n"
    assert result.stderr == message
    told = call("--traceback", "doctor")
    assert told.exit_code == 1
    assert isinstance(told.exception, RuntimeError)


def test_the_demo_learns():
    result = call("demo", "--epochs", "40")
    assert result.exit_code == 0, result.output
    losses = [float(line.split()[-1]) for line in result.output.splitlines() if line.startswith("epoch")]
    assert len(losses) >= 10
    assert losses[-1] < losses[0] / 2


def test_the_doctor_looks_at_everything():
    result = call("doctor")
    assert result.exit_code == 0, result.output
    for part in ("lamina", "jaxlib", "4 x cpu", "programs", "agrees with NumPy to"):
        assert part in result.output


def test_the_check_finds_a_wrong_step(monkeypatch):
    assert doctor.check("cpu")[0] < doctor.TOLERANCE
    right = lamina.nn.functional.mse_loss
    monkeypatch.setattr(lamina.nn.functional, "mse_loss", lambda x, y: right(x, y) * 1.001)
    assert doctor.check("cpu")[0] > doctor.TOLERANCE
