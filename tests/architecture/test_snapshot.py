"""The committed schema matches the code, and a breaking change must be allowed explicitly."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.commands import schema as command
from app.graph.schema import schema

REMOVED = "Field Worker.shoeSize was removed."


def run(*arguments: str) -> Result:
    """Run the command that writes the schema."""
    return CliRunner().invoke(command.schema, arguments)


@pytest.fixture
def outdated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed schema with one field that the code's schema does not have."""
    snapshot = tmp_path / "schema.graphql"
    before, worker, after = schema.as_str().partition("type Worker implements CredentialOwner & Node {\n")
    snapshot.write_text(f'{before}{worker}  """The size of their shoes."""\n  shoeSize: Int\n\n{after}\n')
    monkeypatch.setattr(command, "SNAPSHOT", snapshot)
    return snapshot


def test_committed_schema_matches_the_code() -> None:
    assert command.SNAPSHOT.read_text() == schema.as_str() + "\n"
    assert run("--check").exit_code == 0


def test_check_reports_a_stale_schema(outdated: Path) -> None:
    before = outdated.read_text()
    result = run("--check")
    assert result.exit_code == 1
    assert "stale" in result.output
    assert outdated.read_text() == before


def test_breaking_change_is_refused(outdated: Path) -> None:
    before = outdated.read_text()
    result = run()
    assert result.exit_code == 1
    assert REMOVED in result.output
    assert outdated.read_text() == before


def test_breaking_change_can_be_allowed(outdated: Path) -> None:
    assert run("--allow", "Field Worker.hatSize was removed.").exit_code == 1
    assert run("--allow", REMOVED).exit_code == 0
    assert outdated.read_text() == schema.as_str() + "\n"


def test_compatible_change_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "schema.graphql"
    before, field, after = schema.as_str().partition('  """The worker\'s address."""\n  address: Address!\n')
    assert field
    snapshot.write_text(before + after)
    monkeypatch.setattr(command, "SNAPSHOT", snapshot)
    assert run().exit_code == 0
    assert snapshot.read_text() == schema.as_str() + "\n"
