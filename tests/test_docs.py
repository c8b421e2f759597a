"""Every piece of Python in README.md, docs/ and the pages beside the code runs, in the order it stands there."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
    *sorted((ROOT / "lamina").glob("**/README.md")),
]
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(page: Path) -> list[tuple[int, str]]:
    """The pieces of Python on a page, each with the number of its first line."""
    text = page.read_text()
    return [(text[: match.start(1)].count("\n") + 1, match.group(1)) for match in SNIPPET.finditer(text)]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if snippets(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_snippets_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    for line, code in snippets(page):
        if code.lstrip().startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line - 1)
            result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, clear_globs=False)
            assert result.failed == 0, f"{page.name}:{line}: the example prints something else"
            names.update(example.globs)
        else:
            # Line numbers in a traceback are those of the page.
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), names)


def test_local_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target} is not there"


def test_readme_has_a_place_for_the_benchmarks():
    from benchmarks.run import MARKS

    text = (ROOT / "README.md").read_text()
    assert all(text.count(mark) == 1 for mark in MARKS)
