"""Files that only the account of the service may read, whatever the folder's mode and the umask."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

FILE_MODE, FOLDER_MODE, OTHERS = 0o600, 0o700, 0o077


def use_private_umask() -> None:
    """Have this process create files and folders that only its account may read."""
    os.umask(OTHERS)


def create(file: Path, content: bytes) -> None:
    """Write a new file unless it exists. One that exists is closed to other accounts.

    Several processes may start at once. A link to a finished file appears whole, and the first one wins.
    """
    if not file.exists():
        file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent) as temporary:  # mode 600
            temporary.write(content)
            temporary.flush()
            with suppress(FileExistsError):
                os.link(temporary.name, file)
    restrict(file)


def replace(file: Path, content: bytes) -> None:
    """Write a file in place of one that may exist."""
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
        temporary.write(content)
    Path(temporary.name).replace(file)


def touch(file: Path) -> None:
    """Create an empty file unless it exists, and close it to other accounts. A missing folder is no error."""
    with suppress(OSError):
        file.touch(mode=FILE_MODE)
    restrict(file)


def make_folder(folder: Path) -> None:
    """Create a folder unless it exists, and close it to other accounts."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    restrict(folder)


def restrict(path: Path) -> None:
    """Close a file or folder to other accounts, if it exists and belongs to this account."""
    with suppress(FileNotFoundError, PermissionError):
        mode = path.stat().st_mode
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)
