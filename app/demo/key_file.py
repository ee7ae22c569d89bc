"""The demo organization's keys in the data folder, where its newcomer finds them."""

import json
from collections.abc import Iterator
from pathlib import Path

FILE = "demo-keys.json"


def write(keys: dict[str, str], folder: Path) -> None:
    """Write the keys down, by role; those of another database that was served from the folder stay beside them."""
    organization = next(iter(keys.values())).removeprefix("cgk_")[:16]
    for name in (FILE, f"demo-keys-{organization}.json"):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(json.dumps(keys, indent=2) + "\n")


def read(folder: Path) -> Iterator[dict[str, str]]:
    """All keys that were written down, those of the database that was served last first."""
    for file in sorted(folder.glob("demo-keys*.json"), key=lambda file: file.name != FILE):
        yield json.loads(file.read_text())
