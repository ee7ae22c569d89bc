"""Private files: closed to other accounts, whatever the umask, the folder and earlier modes are."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core import private_files


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that closes nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_private_and_the_first_content_stays(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    for content in (b"first", b"second"):
        private_files.create(file, content)
        assert (file.read_bytes(), mode(file), mode(file.parent)) == (b"first", 0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("before", [0o644, 0o666, 0o640, 0o600])
def test_a_file_of_another_mode_is_closed(tmp_path: Path, before: int) -> None:
    file = tmp_path / "secret"
    acts: list[Callable[[], None]] = [
        lambda: private_files.create(file, b"new"),
        lambda: private_files.replace(file, b"new"),
        lambda: private_files.touch(file),
    ]
    for act in acts:
        file.write_bytes(b"old")
        file.chmod(before)
        act()
        assert mode(file) == 0o600


def test_a_replaced_file_has_the_new_content(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    for content in (b"old", b"new"):
        private_files.replace(file, content)
    assert (file.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (b"new", ["keys.json"])


def test_folders_are_closed(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    private_files.make_folder(folder)
    assert mode(folder) == 0o700
    folder.chmod(0o755)
    private_files.make_folder(folder)
    assert mode(folder) == 0o700


def test_missing_files_are_no_error(tmp_path: Path) -> None:
    private_files.restrict(tmp_path / "nothing")
    private_files.touch(tmp_path / "nowhere" / "nothing")
    assert list(tmp_path.iterdir()) == []
