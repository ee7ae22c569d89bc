"""Rooms import downwards only, and no import hides from that rule inside a function."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "app").rglob("*.py"))


def test_the_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_import_hides_inside_a_function() -> None:
    assert FILES
    assert [place for file in FILES for place in _hidden_imports(file)] == []


def _hidden_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield f"{file.relative_to(ROOT)}:{inner.lineno}"


@pytest.mark.parametrize("name", ["__import__", "import_module"])
def test_nothing_is_imported_by_name(name: str) -> None:
    assert [str(file.relative_to(ROOT)) for file in FILES if name in file.read_text()] == []
