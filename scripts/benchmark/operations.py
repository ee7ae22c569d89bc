"""What is measured: one entry for each operation. Its documents are the files of its name under `documents/`.

To add an operation: an entry here, a document for each kind of schema that can answer it, and a read of the handler's
(`peers/answers.py`).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from scripts.benchmark.data import Facts

DOCUMENTS = Path(__file__).with_name("documents")
SOON = timedelta(days=30)

Variables = dict[str, Any]


class Dialect(StrEnum):
    """How a server wants to be asked."""

    SERVICE = "service"
    """Our own schema."""
    FLAT = "flat"
    """The schema that one would write by hand: columns as fields, without groups."""
    POSTGRAPHILE = "postgraphile"
    """The schema that PostGraphile makes of the tables."""
    ROUTES = "routes"
    """No GraphQL: one route for each operation."""


@dataclass(frozen=True)
class Request:
    """One HTTP request of the load."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Operation:
    """Something that clients ask for, the same of every server."""

    name: str
    title: str
    variables: Callable[[Facts], Iterator[Variables]]
    writes: bool = False
    """Whether it changes data, so that every request needs variables of its own."""
    asked: frozenset[Dialect] = frozenset(Dialect)
    """The kinds of servers that can answer it."""

    def document(self, dialect: Dialect) -> str:
        """The text that a GraphQL server is asked with."""
        return (DOCUMENTS / dialect.value / f"{self.name}.graphql").read_text("utf-8")

    def requests(self, dialect: Dialect, facts: Facts, run: str = "") -> list[Request]:
        """The requests of a load, one for each set of variables. Idempotency keys are unique to a `run`."""
        asked = [self._with_key(variables, run) for variables in self.variables(facts)]
        if dialect is Dialect.ROUTES:
            return [self._routed(variables) for variables in asked]
        document = self.document(dialect)
        extra = {"organization": facts.organization_id} if dialect is Dialect.POSTGRAPHILE else {}
        return [
            Request("POST", "/graphql", json.dumps({"query": document, "variables": variables | extra}))
            for variables in asked
        ]

    def _with_key(self, variables: Variables, run: str) -> Variables:
        return variables | {"key": f"{run}-{variables['id']}"} if self.writes else variables

    def _routed(self, variables: Variables) -> Request:
        if self.writes:
            return Request("POST", f"/{self.name}", json.dumps(variables))
        return Request("GET", f"/{self.name}?{urlencode(variables)}")


def _once(_facts: Facts) -> Iterator[Variables]:
    yield {}


def _workers(facts: Facts) -> Iterator[Variables]:
    yield from ({"id": key} for key in facts.workers)


def _types(facts: Facts) -> Iterator[Variables]:
    yield from ({"type": code} for code in facts.types)


def _pending(facts: Facts) -> Iterator[Variables]:
    yield from ({"id": key} for key in facts.pending)


def _days(facts: Facts) -> Iterator[Variables]:
    today = date.fromisoformat(facts.day)
    yield {"today": today.isoformat(), "soon": (today + SOON).isoformat()}


OPERATIONS = (
    Operation("worker", "worker by id", _workers),
    Operation("page", "nested page", _once),
    Operation("filtered", "filtered list of 50", _types),
    Operation("thousand", "list of 1,000", _once),
    Operation("dashboard", "dashboard", _days),
    Operation("profile", "worker's profile", _workers),
    Operation("queue", "review queue", _once),
    Operation("summary", "compliance summary", _once, asked=frozenset(Dialect) - {Dialect.POSTGRAPHILE}),
    Operation("approve", "approve", _pending, writes=True),
)
