"""Logs: one line an event, as JSON, or readable where a person is looking."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog

PROCESSORS: list[structlog.typing.Processor] = []
"""What each event goes through. Loggers keep the list that they were made with, and so there is only this one."""


def configure() -> None:
    """Send structured logs to standard error."""
    person = sys.stderr.isatty()
    PROCESSORS[:] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if person else [structlog.processors.format_exc_info]),
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if person
        else structlog.processors.JSONRenderer(serializer=_json),
    ]
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _json(event: Any, default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(event, default=default).decode()
    except TypeError:  # what orjson cannot write, such as half a character, json can
        return json.dumps(event, default=default)
