"""The `serve` command: it loads the demo once, keeps its keys and stops on Ctrl-C."""

import json
import os
import shutil
import stat
from pathlib import Path

import httpx
import pytest

from tests.files import PNG
from tests.serving import execute, serving


def open_paths(folder: Path) -> set[str]:
    """Return the files and folders in a folder that other accounts may read."""
    ignored = {"output"}  # written by the test
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name not in ignored and stat.S_IMODE(path.stat().st_mode) & 0o077
    }


def test_secret_files_are_readable_only_by_the_owner(served_folder: Path) -> None:
    for name in ("demo-keys.json", "secret", "signing-key.pem", "credgraph.sqlite"):
        assert stat.S_IMODE((served_folder / name).stat().st_mode) == 0o600, name
    assert open_paths(served_folder) == set()


def test_files_of_an_earlier_release_are_closed(served_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(served_folder, tmp_path / "open"))
    (folder / "files").mkdir(exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = os.umask(0)
    try:
        with serving(folder) as running:
            upload = (
                "mutation ($i: AttachmentUploadCreateInput!) { attachmentUploadCreate(input: $i) { upload { url } } }"
            )
            found = execute(running.url, running.keys["owner"], "{ credentials(last: 1) { nodes { id } } }").json()
            input = {"credential": found["data"]["credentials"]["nodes"][0]["id"], "side": "OTHER", "fileName": "a.png"}
            headers = {"Authorization": f"Bearer {running.keys['owner']}"}
            body = {"query": upload, "variables": {"i": input}}
            answer = httpx.post(f"{running.url}/graphql", json=body, headers=headers).json()
            url = answer["data"]["attachmentUploadCreate"]["upload"]["url"]
            assert httpx.put(url, content=PNG).status_code == 201
            # Another database's keys beside them are the files of another start.
            assert open_paths(folder) == set()
    finally:
        os.umask(before)


@pytest.fixture
def second_folder(served_folder: Path, tmp_path: Path) -> Path:
    """A copy of a folder that was served before."""
    return Path(shutil.copytree(served_folder, tmp_path / "again"))


def test_second_start_loads_nothing_and_keeps_the_keys(second_folder: Path) -> None:
    before = (second_folder / "demo-keys.json").read_bytes()
    with serving(second_folder) as running:
        assert (second_folder / "demo-keys.json").read_bytes() == before
        assert running.keys == json.loads(before)
        log = running.output.read_text()
        assert "Loading" not in log
        assert f"Demo keys {second_folder / 'demo-keys.json'}\n" in log
        assert "cgk_" not in log
        answer = execute(running.url, running.keys["owner"], "{ workers(first: 1) { totalCount { count } } }")
        assert answer.json()["data"] == {"workers": {"totalCount": {"count": 197}}}


def test_invalid_key_is_not_printed(second_folder: Path) -> None:
    keys = json.loads((second_folder / "demo-keys.json").read_bytes())
    wrong = keys["auditor"][:-1] + ("A" if keys["auditor"][-1] != "A" else "B")
    (second_folder / "demo-keys.json").write_text(json.dumps({**keys, "auditor": wrong}))
    with serving(second_folder) as running:
        del keys["auditor"]
        assert running.keys == keys
        assert wrong not in running.output.read_text()


def test_without_the_demo_only_the_schema_is_readable(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-demo") as running:
        assert not (tmp_path / "demo-keys.json").exists()
        log = running.output.read_text()
        assert "Loading" not in log
        assert "cgk_" not in log
        assert httpx.get(f"{running.url}/graphql", headers={"Accept": "text/html"}).status_code == 200
        answer = httpx.post(f"{running.url}/graphql", json={"query": "{ __schema { queryType { name } } }"})
        assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        for query in ("{ viewer { name } }", "{ __typename viewer { name } }", "{ organization { name } }"):
            answer = httpx.post(f"{running.url}/graphql", json={"query": query})
            assert answer.status_code == 401, query
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
