"""Logs: exceptions are logged with their place and kind, without the values of records that they quote."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import text

from app.core import logs
from app.db.database import Database

PERSONAL = ("Jordan", "jordan@example.com", "second line")


def entry_of(error: BaseException) -> Any:
    """Return the log entry of an exception, as it is written."""
    entry: Any = {"event": "request failed", "exc_info": error}
    for processor in logs.PROCESSORS:
        entry = processor(None, "error", entry)
    return json.loads(entry)


async def failure(database: Database, statement: str, **values: Any) -> BaseException:
    """Return the exception of a statement that fails."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        async with database.writing() as session:
            await session.execute(text(statement), values)
    return caught.value


async def test_a_violated_constraint_is_logged_without_the_row(database: Database) -> None:
    insert = (
        "INSERT INTO organizations (organization_id, id, name, time_zone, created_at, updated_at) "
        "VALUES (:id, :id, :name, :zone, :now, :now)"
    )
    values = {"name": "Jordan\nsecond line", "zone": "jordan@example.com", "now": datetime.now(UTC)}
    error = await failure(database, insert, id="org_0000000000000000", **values)
    written = entry_of(error)["exception"]
    assert "Traceback" in written
    assert "IntegrityError" in written
    assert not any(personal in written for personal in PERSONAL)


@pytest.mark.parametrize(
    "message",
    [
        "duplicate key\nDETAIL:  Key (email_key)=(jordan@example.com) already exists.",
        "null value\nDETAIL:  Failing row contains (wkr_1, Jordan\n\nsecond line, null).\nHINT:  none",
        "invalid input for query argument $3: 'Jordan' (an integer is required)",
        'invalid input syntax for type date: "Jordan"',
        'invalid input value for enum kind: "Jordan"',
    ],
)
def test_quoted_values_are_hidden_in_every_form(message: str) -> None:
    try:
        try:
            raise ValueError(message)
        except ValueError as inner:
            raise RuntimeError("the statement failed") from inner
    except RuntimeError as error:
        written = entry_of(error)["exception"]
        stream = StringIO()
        logs.write_traceback(stream, (type(error), error, error.__traceback__))
    for shown in (written, stream.getvalue()):
        assert "RuntimeError: the statement failed" in shown
        assert f"ValueError: {message.splitlines()[0].partition(': ')[0]}" in shown
        assert not any(personal in shown for personal in PERSONAL)


def test_an_error_as_text_is_hidden_too() -> None:
    entry: Any = {"event": "failed", "error": "DataError(\"invalid input for query argument $1: 'Jordan' (x)\")"}
    for processor in logs.PROCESSORS:
        entry = processor(None, "warning", entry)
    assert "Jordan" not in entry
