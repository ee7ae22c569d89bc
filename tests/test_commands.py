"""The commands that migrate the database and manage organizations and keys."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.__main__ import main
from app.core import clock, logs
from app.core.errors import Unauthenticated
from app.db.database import Database
from app.organizations import api_keys


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a migrated database that the commands use."""
    address = f"sqlite:///{tmp_path / 'commands.sqlite'}"
    monkeypatch.setenv("DATABASE_URL", address)
    assert call("migrate").output == "migrated\n"
    return address


def call(*arguments: str) -> Result:
    """Run a command in this process, and restore the log's configuration afterwards."""
    try:
        return CliRunner().invoke(main, arguments)
    finally:
        logs.configure()


def works(url: str, token: str) -> bool:
    """Return whether a token is accepted."""

    async def attempt() -> bool:
        database = Database(url, clock.system)
        try:
            async with database.reading() as session:
                await api_keys.authenticate(session, token)
        except Unauthenticated:
            return False
        finally:
            await database.close()
        return True

    return asyncio.run(attempt())


def test_a_second_migration_has_nothing_to_do(url: str) -> None:
    assert call("migrate").output == "nothing to do\n"


def test_the_tables_of_the_code_need_no_further_migration() -> None:
    result = call("migrate", "--check")
    assert result.exit_code == 0, result.output


def test_an_organization_is_founded_with_an_owners_key(url: str) -> None:
    organization, token = call("organization", "create", "Harbour", "--time-zone", "Australia/Sydney").output.split()
    assert organization.startswith("org_")
    assert works(url, token)
    assert call("organization", "list").output == f"{organization}  Harbour\n"


def test_an_unknown_time_zone_is_refused_in_a_line(url: str) -> None:
    result = call("organization", "create", "Harbour", "--time-zone", "Atlantis")
    assert result.exit_code == 1
    assert result.output.startswith("Error: timeZone is not a time zone")
    assert call("organization", "list").output == ""


def test_a_key_is_made_rotated_and_revoked(url: str) -> None:
    organization = call("organization", "create", "Harbour").output.split()[0]
    key, first = call(
        "keys", "create", "--organization", organization, "HR sync", "--role", "INTEGRATION"
    ).output.split()
    assert works(url, first)
    second = call("keys", "rotate", "--organization", organization, key).output.strip()
    assert (works(url, first), works(url, second)) == (False, True)
    assert f"{key}  HR sync  active" in call("keys", "list", "--organization", organization).output
    assert call("keys", "revoke", "--organization", organization, key).exit_code == 0
    assert not works(url, second)
    assert f"{key}  HR sync  revoked" in call("keys", "list", "--organization", organization).output


def test_a_key_without_scopes_is_refused_in_a_line(url: str) -> None:
    organization = call("organization", "create", "Harbour").output.split()[0]
    result = call("keys", "create", "--organization", organization, "Nothing")
    assert (result.exit_code, result.output) == (1, "Error: scopes is required\n")


def test_a_place_of_files_that_is_none_is_told(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDGRAPH_FILES", "gs://bucket")
    for arguments in (["jobs"], ["serve", "--no-demo", "--data", str(tmp_path)]):
        result = call(*arguments)
        assert result.exit_code == 1
        assert result.output == "Error: the place of files, gs://bucket, is neither a folder nor s3://bucket/prefix\n"
