"""The `serve` command: it loads the demo once, keeps its keys and stops on Ctrl-C."""

import json
import shutil
import stat
from pathlib import Path

import httpx
import pytest

from tests.serving import execute, serving


def test_what_holds_secrets_is_for_the_owner_alone(served_folder: Path) -> None:
    for name in ("demo-keys.json", "secret"):
        assert stat.S_IMODE((served_folder / name).stat().st_mode) == 0o600, name


@pytest.fixture
def again(served_folder: Path, tmp_path: Path) -> Path:
    """A copy of a folder that was served before."""
    return Path(shutil.copytree(served_folder, tmp_path / "again"))


def test_the_second_start_loads_nothing_and_keeps_the_keys(again: Path) -> None:
    before = (again / "demo-keys.json").read_bytes()
    with serving(again) as running:
        assert (again / "demo-keys.json").read_bytes() == before
        assert running.keys == json.loads(before)
        said = running.output.read_text()
        assert "Loading" not in said
        assert all(key in said for key in running.keys.values())
        answer = execute(running.url, running.keys["owner"], "{ workers(first: 1) { totalCount { count } } }")
        assert answer.json()["data"] == {"workers": {"totalCount": {"count": 197}}}


def test_a_key_that_does_not_work_any_more_is_not_shown(again: Path) -> None:
    keys = json.loads((again / "demo-keys.json").read_bytes())
    wrong = keys["auditor"][:-1] + ("A" if keys["auditor"][-1] != "A" else "B")
    (again / "demo-keys.json").write_text(json.dumps({**keys, "auditor": wrong}))
    with serving(again) as running:
        del keys["auditor"]
        assert running.keys == keys
        assert wrong not in running.output.read_text()


def test_without_the_demo_there_is_only_the_schema_to_read(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-demo") as running:
        assert not (tmp_path / "demo-keys.json").exists()
        said = running.output.read_text()
        assert "Loading" not in said
        assert "cgk_" not in said
        assert httpx.get(f"{running.url}/graphql", headers={"Accept": "text/html"}).status_code == 200
        answer = httpx.post(f"{running.url}/graphql", json={"query": "{ __schema { queryType { name } } }"})
        assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        for query in ("{ viewer { name } }", "{ __typename viewer { name } }", "{ organization { name } }"):
            answer = httpx.post(f"{running.url}/graphql", json={"query": query})
            assert answer.status_code == 401, query
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
