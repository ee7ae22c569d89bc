"""Structured logs: one line per entry, as JSON, or readable text on a terminal. They hold no values of records."""

import json
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from io import StringIO
from typing import Any, TextIO

import orjson
import structlog

_QUOTED_VALUES = (
    # PostgreSQL's "DETAIL: Key (email_key)=(jo@a.test) already exists", or a whole row; up to the end of the message.
    (
        re.compile(r"DETAIL:.*?(?=\n(?:HINT:|\[SQL:|\n?The above exception|\n?During handling)|\Z)", re.DOTALL),
        "DETAIL: …",
    ),
    (re.compile(r"(invalid input for query argument \$\d+): .*"), r"\1: …"),
    (re.compile(r"(invalid input (?:syntax|value) for [^:\n]+): .*"), r"\1: …"),
)
"""The parts of errors that quote values, and what takes their place."""

PROCESSORS: list[structlog.typing.Processor] = []
"""The processors of every entry. Loggers keep a reference to this list, so `configure` changes it in place."""


def configure() -> None:
    """Write logs to standard error."""
    is_terminal = sys.stderr.isatty()
    PROCESSORS[:] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if is_terminal else [structlog.processors.format_exc_info]),
        _hide_values,
        structlog.dev.ConsoleRenderer(exception_formatter=write_traceback)
        if is_terminal
        else structlog.processors.JSONRenderer(serializer=_to_json),
    ]
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def hide_values(text: str) -> str:
    """Return a database's error without the values of rows and parameters that it quotes."""
    for pattern, hidden in _QUOTED_VALUES:
        text = pattern.sub(hidden, text)
    return text


def _hide_values(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in ("exception", "error"):
        if isinstance(entry.get(name), str):
            entry[name] = hide_values(entry[name])
    return entry


def write_traceback(stream: TextIO, exc_info: Any) -> None:
    """Write a traceback for a terminal, without the values that it quotes."""
    buffer = StringIO()
    structlog.dev.plain_traceback(buffer, exc_info)
    stream.write(hide_values(buffer.getvalue()))


def _to_json(entry: Any, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(entry, default=default).decode()
    except TypeError:  # orjson refuses some values that json writes, such as an unpaired surrogate
        return json.dumps(entry, default=default)
