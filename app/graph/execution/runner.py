"""The entry to the graph: runs operations from their text to the body of the response, for the HTTP endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode, OperationType

from app.access import Actor
from app.attachments.file_service import FileService
from app.core import clock
from app.credentials import takeovers
from app.db.database import Database
from app.graph.dsl import user_errors
from app.graph.dsl.context import Context
from app.graph.execution.documents import DocumentCache, PreparedDocument
from app.graph.execution.error_order import sort_errors
from app.graph.execution.plans import Plans
from app.graph.schema import core_schema, schema
from app.registries.registry_set import RegistrySet
from app.settings import Limits
from app.signing.sealed_tokens import Signer

FormattedErrors = list[dict[str, Any]]


@dataclass(frozen=True)
class PreparedOperation:
    """One operation of a request: ready to run, or with the errors that refuse it."""

    text: str
    variables: Mapping[str, Any]
    name: str | None
    request_id: str
    prepared: PreparedDocument
    node: OperationDefinitionNode | None
    refusal: FormattedErrors
    """The errors that refuse it, as the response shows them."""

    @property
    def is_query(self) -> bool:
        """True if it only reads."""
        return self.node is not None and self.node.operation is OperationType.QUERY

    @property
    def is_public(self) -> bool:
        """True if it selects nothing but the schema, which needs no key."""
        return self.node is not None and self.prepared.only_introspects(self.node)


class Runner:
    """Prepares and runs operations."""

    def __init__(
        self, database: Database, signer: Signer, sources: RegistrySet, files: FileService, limits: Limits
    ) -> None:
        self._database = database
        self._signer = signer
        self._sources = sources
        self._files = files
        self._documents = DocumentCache(core_schema(), limits)
        self.plans = Plans(core_schema(), database, schema.scalar_registry)
        self._days_begun: dict[str, date] = {}
        """The day with which the credentials of each organization are in line."""

    def prepare(self, text: str, variables: Mapping[str, Any], name: str | None, request_id: str) -> PreparedOperation:
        """Return the operation of a name in a document, or its only operation if there is no name."""
        prepared = self._documents.prepare(text)
        node = prepared.operation(name)
        errors, code = list(prepared.errors), prepared.code
        if not errors and node is None:
            message = f"there is no operation {name}" if name else "name one of the operations in operationName"
            errors, code = [GraphQLError(message)], "OPERATION_NOT_FOUND"
        refusal = [user_errors.format_error(error, code, request_id) for error in errors]
        return PreparedOperation(text, variables, name, request_id, prepared, node, refusal)

    async def run(self, operation: PreparedOperation, actor: Actor | None, origin: str = "") -> tuple[bytes, bool]:
        """Run an operation that was not refused; return the response's body as JSON, and whether execution began.

        `origin` is the start of the URL by which the caller reached the service. URLs in the response begin with it.
        """
        assert operation.node is not None
        cost_error = self._documents.cost_error(operation.prepared, operation.node, operation.variables)
        if cost_error is not None:
            error = user_errors.format_error(cost_error, "TOO_COSTLY", operation.request_id)
            return orjson.dumps({"errors": [error]}), False
        if actor is not None:
            await self._begin_day(actor)
        context = self._context(operation, actor, origin)
        result = await self.plans.execute(operation.prepared, operation.node, operation.variables, context)
        if result is None:
            return await self._run_by_graphql_core(operation, context)
        data, errors = result
        if not errors:
            return b'{"data":' + data + b"}", True
        return self._body(operation, errors, orjson.loads(data), began=True), True

    async def _begin_day(self, actor: Actor) -> None:
        """Bring credentials in line with a day that has begun, before the first operation of that day reads them."""
        today = clock.today(self._database.clock(), actor.time_zone)
        if self._days_begun.get(actor.organization_id) == today:
            return
        if await takeovers.ensure_today(self._database, actor.organization_id, today):
            self._days_begun[actor.organization_id] = today

    async def run_without_plan(self, operation: PreparedOperation, actor: Actor | None) -> tuple[bytes, bool]:
        """Run an operation by graphql-core alone, with the result that every plan has to equal."""
        return await self._run_by_graphql_core(operation, self._context(operation, actor))

    def _context(self, operation: PreparedOperation, actor: Actor | None, origin: str = "") -> Context:
        return Context(
            self._database,
            self._signer,
            self._sources,
            self._files,
            actor,
            operation.request_id,
            origin,
            operation.prepared,
        )

    async def _run_by_graphql_core(self, operation: PreparedOperation, context: Context) -> tuple[bytes, bool]:
        result = await schema.execute(
            operation.text,
            variable_values=dict(operation.variables),
            context_value=context,
            operation_name=operation.name,
        )
        # graphql-core refuses variables of the wrong type before execution: with errors that have no path, and no data.
        began = result.data is not None or any(error.path is not None for error in result.errors or ())
        return self._body(operation, result.errors or [], result.data, began=began), began

    @staticmethod
    def _body(operation: PreparedOperation, errors: list[GraphQLError], data: Any, *, began: bool) -> bytes:
        body: dict[str, Any] = {}
        if errors:
            body["errors"] = [
                user_errors.format_error(error, "BAD_USER_INPUT", operation.request_id)
                for error in sort_errors(errors, data)
            ]
        if began:
            body["data"] = data
        return orjson.dumps(body)
