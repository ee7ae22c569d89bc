"""The committed schema is the code's, and a change that breaks clients does not get into it by accident."""

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
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed schema that has a field more than the code's."""
    kept = tmp_path / "schema.graphql"
    before, worker, after = schema.as_str().partition("type Worker implements CredentialOwner & Node {\n")
    kept.write_text(f'{before}{worker}  """The size of their shoes."""\n  shoeSize: Int\n\n{after}\n')
    monkeypatch.setattr(command, "SNAPSHOT", kept)
    return kept


def test_the_committed_schema_is_the_code_s() -> None:
    assert command.SNAPSHOT.read_text() == schema.as_str() + "\n"
    assert run("--check").exit_code == 0


def test_a_stale_schema_is_noticed(older: Path) -> None:
    before = older.read_text()
    result = run("--check")
    assert result.exit_code == 1
    assert "stale" in result.output
    assert older.read_text() == before


def test_a_change_that_breaks_clients_is_refused(older: Path) -> None:
    before = older.read_text()
    result = run()
    assert result.exit_code == 1
    assert REMOVED in result.output
    assert older.read_text() == before


def test_a_change_that_breaks_clients_can_be_allowed(older: Path) -> None:
    assert run("--allow", "Field Worker.hatSize was removed.").exit_code == 1
    assert run("--allow", REMOVED).exit_code == 0
    assert older.read_text() == schema.as_str() + "\n"


def test_a_change_that_breaks_nobody_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "schema.graphql"
    before, field, after = schema.as_str().partition('  """The worker\'s address."""\n  address: Address!\n')
    assert field
    kept.write_text(before + after)
    monkeypatch.setattr(command, "SNAPSHOT", kept)
    assert run().exit_code == 0
    assert kept.read_text() == schema.as_str() + "\n"
