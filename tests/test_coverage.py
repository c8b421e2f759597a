"""The page of coverage is true, and no public name of PyTorch is missing without a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools import coverage


@pytest.mark.parametrize("space", coverage.SPACES)
def test_every_name_is_here_or_has_a_reason(space):
    missing = {name for name in coverage.public(space) if not coverage.here(space, name)}
    assert missing == set(coverage.NOT_MEANT.get(space, {})) & set(coverage.public(space))


@pytest.mark.parametrize("space", coverage.SPACES)
def test_every_name_is_in_a_test(space):
    assert [name for name, said in coverage.rows(space) if said == "not tested"] == []


@pytest.mark.parametrize("space", coverage.FUNCTIONS)
def test_every_function_is_here_or_has_a_reason(space):
    assert [name for name, reason in coverage.missing(space).items() if not reason] == []


def test_the_page_is_up_to_date():
    # In a process of its own: other tests load rooms of PyTorch's that add names to it.
    code = "from tools import coverage; print(coverage.PAGE.read_text() == coverage.page())"
    said = subprocess.run([sys.executable, "-c", code], cwd=coverage.ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "True", "`make coverage` writes it anew"
