"""The measured operations, each with one document per API under `documents/`.

To add an operation, add an entry here, a document for each API that supports it, and a function to the handler
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

from scripts.benchmark.data import Dataset

DOCUMENTS = Path(__file__).with_name("documents")
SOON = timedelta(days=30)

Variables = dict[str, Any]


class ServerApi(StrEnum):
    """The API of a server."""

    SERVICE = "service"
    """The service's schema."""
    FLAT = "flat"
    """A schema as most people write it: columns as fields, without groups."""
    POSTGRAPHILE = "postgraphile"
    """The schema that PostGraphile generates from the tables."""
    ROUTES = "routes"
    """No GraphQL: one HTTP route for each operation."""


@dataclass(frozen=True)
class Request:
    """An HTTP request of the load."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Operation:
    """A query or mutation that is sent to every server."""

    name: str
    title: str
    variables: Callable[[Dataset], Iterator[Variables]]
    writes: bool = False
    """True if the operation changes data, so that every request needs its own variables."""
    apis: frozenset[ServerApi] = frozenset(ServerApi)
    """The APIs that support the operation."""

    def document(self, api: ServerApi) -> str:
        """Return the GraphQL document for an API."""
        return (DOCUMENTS / api.value / f"{self.name}.graphql").read_text("utf-8")

    def requests(self, api: ServerApi, dataset: Dataset, run: str = "") -> list[Request]:
        """Return the requests of a load, one for each set of variables. Idempotency keys are unique to a `run`."""
        variable_sets = [self._with_key(variables, run) for variables in self.variables(dataset)]
        if api is ServerApi.ROUTES:
            return [self._route_request(variables) for variables in variable_sets]
        document = self.document(api)
        extra = {"organization": dataset.organization_id} if api is ServerApi.POSTGRAPHILE else {}
        return [
            Request("POST", "/graphql", json.dumps({"query": document, "variables": variables | extra}))
            for variables in variable_sets
        ]

    def _with_key(self, variables: Variables, run: str) -> Variables:
        return variables | {"key": f"{run}-{variables['id']}"} if self.writes else variables

    def _route_request(self, variables: Variables) -> Request:
        if self.writes:
            return Request("POST", f"/{self.name}", json.dumps(variables))
        return Request("GET", f"/{self.name}?{urlencode(variables)}")


def _single(_dataset: Dataset) -> Iterator[Variables]:
    yield {}


def _workers(dataset: Dataset) -> Iterator[Variables]:
    yield from ({"id": key} for key in dataset.worker_ids)


def _types(dataset: Dataset) -> Iterator[Variables]:
    yield from ({"type": code} for code in dataset.type_codes)


def _pending(dataset: Dataset) -> Iterator[Variables]:
    yield from ({"id": key} for key in dataset.pending_credentials)


def _days(dataset: Dataset) -> Iterator[Variables]:
    today = date.fromisoformat(dataset.drawn_for)
    yield {"today": today.isoformat(), "soon": (today + SOON).isoformat()}


OPERATIONS = (
    Operation("worker", "worker by id", _workers),
    Operation("page", "nested page", _single),
    Operation("filtered", "filtered list of 50", _types),
    Operation("thousand", "list of 1,000", _single),
    Operation("dashboard", "dashboard", _days),
    Operation("profile", "worker's profile", _workers),
    Operation("queue", "review queue", _single),
    Operation("summary", "compliance summary", _single, apis=frozenset(ServerApi) - {ServerApi.POSTGRAPHILE}),
    Operation("approve", "approve", _pending, writes=True),
)
