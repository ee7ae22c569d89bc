"""The demo organization's API keys, in a file of the data folder."""

import json
from collections.abc import Iterator
from pathlib import Path

from app.core import private_files

FILE = "demo-keys.json"


def write(keys: dict[str, str], folder: Path) -> None:
    """Write the keys by role. The keys of other databases served from the same folder are kept in files beside it."""
    organization = next(iter(keys.values())).removeprefix("cgk_")[:16]
    for name in (FILE, f"demo-keys-{organization}.json"):
        private_files.replace(folder / name, f"{json.dumps(keys, indent=2)}\n".encode())


def read(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the keys of every database served from the folder, the latest first."""
    for file in sorted(folder.glob("demo-keys*.json"), key=lambda file: file.name != FILE):
        yield json.loads(file.read_text())
