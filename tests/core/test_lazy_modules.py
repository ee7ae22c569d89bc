"""Modules that are read when something of them is first used."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from app.core import lazy_modules

NAME = "read_later"
CODE = """
import time
from read_later import inner
time.sleep(0.05)
VALUE = inner.VALUE + 1
READ = []
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package that is not read yet, as whoever imports it gets it."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "__init__.py").write_text(CODE)
    (tmp_path / NAME / "inner.py").write_text("VALUE = 1")
    monkeypatch.syspath_prepend(tmp_path)
    lazy_modules.defer(NAME)
    yield importlib.import_module(NAME)
    for name in (NAME, f"{NAME}.inner"):
        sys.modules.pop(name, None)


def test_a_module_is_read_when_something_of_it_is_used(module: ModuleType) -> None:
    assert importlib.import_module(NAME) is module
    assert "VALUE" not in vars(module)
    assert module.VALUE == 2
    assert module.inner.VALUE == 1


def test_it_is_read_once(module: ModuleType) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: id(module.READ), range(8)))
    assert set(found) == {id(module.READ)}


def test_what_it_does_not_hold_is_missing_as_ever(module: ModuleType) -> None:
    for _ in range(2):
        with pytest.raises(AttributeError, match="NOTHING"):
            _ = module.NOTHING


def test_what_is_read_already_stays() -> None:
    lazy_modules.defer("pytest")
    assert sys.modules["pytest"] is pytest


def test_a_start_does_not_read_what_it_seldom_needs() -> None:
    code = "import sys, app.__main__; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "app.main" in said
    assert not {"alembic", "httpx._api", "jwt.api_jws"} & set(said)
