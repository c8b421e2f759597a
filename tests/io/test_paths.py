"""Nested data by path."""

from __future__ import annotations

import pytest
import torch

import lamina
from lamina.io import FileError
from lamina.io.convert import convert
from lamina.io.listing import listing
from lamina.io.paths import named


def test_paths_are_keys_and_numbers():
    data = {"a": {"b": 1, 2: [3, (4,)]}, "": {5}, "c": []}
    assert list(named("t", data)) == [("a.b", 1), ("a.2.0", 3), ("a.2.1.0", 4), ("", {5})]
    assert list(named("t", data, (list, tuple, set)))[-1] == ("0", 5)
    assert list(named("t", 7)) == [("", 7)]


def test_what_has_no_end_is_refused(tmp_path):
    cycle: list = [torch.ones(2)]
    cycle.append(cycle)
    doubled: list = [torch.ones(1)]
    for _ in range(60):
        doubled = [doubled, doubled]
    for data in (cycle, {"a": doubled}):
        torch.save(data, tmp_path / "x.pt")
        lamina.load(tmp_path / "x.pt")  # which is as small as the file
        message = "x.pt: its data holds itself, or repeats itself without end. Save it without cycles."
        with pytest.raises(FileError) as caught:
            listing("t", tmp_path / "x.pt")
        assert str(caught.value) == f"t: {message}"
        for target in ("x.npz", "x.lamina"):
            with pytest.raises(FileError) as caught:
                convert(tmp_path / "x.pt", tmp_path / target)
            assert str(caught.value) == f"convert: {message}"
    shared = {"w": torch.ones(1)}
    torch.save({"a": shared, "b": [shared, {torch.ones(1)}]}, tmp_path / "x.pt")
    assert [line.name for line in listing("t", tmp_path / "x.pt").lines] == ["a.w", "b.0.w", "b.1.0"]
