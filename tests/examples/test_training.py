"""The examples that train reach what they say, each from its fixed seed; and write their picture."""

from __future__ import annotations

import runpy
import types
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "training"
pytestmark = pytest.mark.slow


def run(name: str, folder: Path):
    """Run an example as its users do; what its `main` returns."""
    program = types.SimpleNamespace(**runpy.run_path(str(FOLDER / f"{name}.py"), run_name=name))
    found = program.main(plot=folder / f"{name}.png")
    for picture in folder.iterdir():
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert list(folder.iterdir())
    return found


def test_digits(tmp_path):
    scores = run("digits", tmp_path)
    assert scores["mlp"] > 0.985
    assert scores["resnet"] > 0.985


def test_penguins(tmp_path):
    assert run("penguins", tmp_path) > 0.98


def test_diabetes(tmp_path):
    scores = run("diabetes", tmp_path)
    assert scores["network"] > 0.43
    assert abs(scores["network"] - scores["linear regression"]) < 0.03


def test_sine_waves(tmp_path):
    assert run("sine_lstm", tmp_path) < 0.35


def test_autoencoder(tmp_path):
    scores = run("vae", tmp_path)
    assert scores["bound"] < scores["blind"] - 2


def test_language(tmp_path):
    found = run("char_gpt", tmp_path)
    assert found["entropy"] < found["loss"] < 1.05 * found["entropy"]
    words = found["written"].split(".")[1:-1]
    assert all(sentence.startswith(" the ") and len(sentence.split()) >= 8 for sentence in words)
