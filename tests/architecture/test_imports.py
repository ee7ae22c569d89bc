"""Packages import only lower layers, and no import is hidden from that rule inside a function."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "app").rglob("*.py"))


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_import_is_inside_a_function() -> None:
    assert FILES
    assert [location for file in FILES for location in _hidden_imports(file)] == []


def _hidden_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield f"{file.relative_to(ROOT)}:{inner.lineno}"


@pytest.mark.parametrize("name", ["__import__", "import_module"])
def test_no_module_is_imported_by_a_string(name: str) -> None:
    assert [str(file.relative_to(ROOT)) for file in FILES if name in file.read_text()] == []
