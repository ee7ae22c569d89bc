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
    url = f"sqlite:///{tmp_path / 'commands.sqlite'}"
    monkeypatch.setenv("DATABASE_URL", url)
    assert run_command("migrate").output == "migrated\n"
    return url


def run_command(*arguments: str) -> Result:
    """Run a command in this process, and restore the log's configuration afterwards."""
    try:
        return CliRunner().invoke(main, arguments)
    finally:
        logs.configure()


def is_accepted(url: str, token: str) -> bool:
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


def test_second_migration_does_nothing(url: str) -> None:
    assert run_command("migrate").output == "nothing to do\n"


def test_migrations_match_the_tables() -> None:
    result = run_command("migrate", "--check")
    assert result.exit_code == 0, result.output


def test_organization_is_created_with_an_owner_key(url: str) -> None:
    organization, token = run_command(
        "organization", "create", "Harbour", "--time-zone", "Australia/Sydney"
    ).output.split()
    assert organization.startswith("org_")
    assert is_accepted(url, token)
    assert run_command("organization", "list").output == f"{organization}  Harbour\n"


def test_unknown_time_zone_is_refused_in_one_line(url: str) -> None:
    result = run_command("organization", "create", "Harbour", "--time-zone", "Atlantis")
    assert result.exit_code == 1
    assert result.output.startswith("Error: timeZone is not a time zone")
    assert run_command("organization", "list").output == ""


def test_key_is_created_rotated_and_revoked(url: str) -> None:
    organization = run_command("organization", "create", "Harbour").output.split()[0]
    key, first = run_command(
        "keys", "create", "--organization", organization, "HR sync", "--role", "INTEGRATION"
    ).output.split()
    assert is_accepted(url, first)
    second = run_command("keys", "rotate", "--organization", organization, key).output.strip()
    assert (is_accepted(url, first), is_accepted(url, second)) == (False, True)
    assert f"{key}  HR sync  active" in run_command("keys", "list", "--organization", organization).output
    assert run_command("keys", "revoke", "--organization", organization, key).exit_code == 0
    assert not is_accepted(url, second)
    assert f"{key}  HR sync  revoked" in run_command("keys", "list", "--organization", organization).output


def test_key_without_scopes_is_refused_in_one_line(url: str) -> None:
    organization = run_command("organization", "create", "Harbour").output.split()[0]
    result = run_command("keys", "create", "--organization", organization, "Nothing")
    assert (result.exit_code, result.output) == (1, "Error: scopes is required\n")


def test_invalid_location_of_files_is_reported(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDGRAPH_FILES", "gs://bucket")
    for arguments in (["jobs"], ["serve", "--no-demo", "--data", str(tmp_path)]):
        result = run_command(*arguments)
        assert result.exit_code == 1
        assert (
            result.output == "Error: the location of files, gs://bucket, is neither a folder nor s3://bucket/prefix\n"
        )
