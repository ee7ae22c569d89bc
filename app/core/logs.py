"""Structured logs: one line per entry, as JSON, or readable text on a terminal."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog

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
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if is_terminal
        else structlog.processors.JSONRenderer(serializer=_to_json),
    ]
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _to_json(entry: Any, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(entry, default=default).decode()
    except TypeError:  # orjson refuses some values that json writes, such as an unpaired surrogate
        return json.dumps(entry, default=default)
