"""Modules that are executed when one of their attributes is first used."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from app.core import lazy_modules

NAME = "deferred"
CODE = """
import time
from deferred import inner
time.sleep(0.05)
VALUE = inner.VALUE + 1
MARKER = []
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package whose execution is deferred."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "__init__.py").write_text(CODE)
    (tmp_path / NAME / "inner.py").write_text("VALUE = 1")
    monkeypatch.syspath_prepend(tmp_path)
    lazy_modules.defer(NAME)
    yield importlib.import_module(NAME)
    for name in (NAME, f"{NAME}.inner"):
        sys.modules.pop(name, None)


def test_a_module_is_executed_when_an_attribute_is_used(module: ModuleType) -> None:
    assert importlib.import_module(NAME) is module
    assert "VALUE" not in vars(module)
    assert module.VALUE == 2
    assert module.inner.VALUE == 1


def test_threads_execute_a_module_once(module: ModuleType) -> None:
    with ThreadPoolExecutor(8) as threads:
        markers = list(threads.map(lambda _: id(module.MARKER), range(8)))
    assert set(markers) == {id(module.MARKER)}


def test_a_missing_attribute_raises_attribute_error(module: ModuleType) -> None:
    for _ in range(2):
        with pytest.raises(AttributeError, match="NOTHING"):
            _ = module.NOTHING


def test_an_imported_module_stays_as_it_is() -> None:
    lazy_modules.defer("pytest")
    assert sys.modules["pytest"] is pytest


def test_a_start_does_not_execute_deferred_modules() -> None:
    code = "import sys, app.__main__; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "app.main" in modules
    assert not {"alembic", "httpx._api", "jwt.api_jws"} & set(modules)
