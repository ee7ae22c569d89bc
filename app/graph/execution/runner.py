"""The one way into the graph: operations in, plain data out, so that a door needs to know none of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode, OperationType

from app.access import Actor
from app.attachments.file_service import Files
from app.db.database import Database
from app.graph.dsl import user_errors
from app.graph.dsl.context import Context
from app.graph.execution.documents import Documents, Prepared
from app.graph.execution.error_order import in_order
from app.graph.execution.limits import Limits
from app.graph.execution.plans import Plans
from app.graph.schema import core_schema, schema
from app.registries.registry_set import Sources
from app.signing.sealed_tokens import Signer

Described = list[dict[str, Any]]


@dataclass(frozen=True)
class Operation:
    """One operation as a client sent it: ready to run, or with the errors that keep it from running."""

    text: str
    variables: Mapping[str, Any]
    name: str | None
    request_id: str
    prepared: Prepared
    node: OperationDefinitionNode | None
    refusal: Described

    @property
    def is_query(self) -> bool:
        """Whether it only reads."""
        return self.node is not None and self.node.operation is OperationType.QUERY

    @property
    def is_public(self) -> bool:
        """Whether it asks for nothing but the schema, which everybody may read."""
        return self.node is not None and self.prepared.only_introspects(self.node)


class Runner:
    """Prepares and runs operations."""

    def __init__(self, database: Database, signer: Signer, sources: Sources, files: Files, limits: Limits) -> None:
        self._database = database
        self._signer = signer
        self._sources = sources
        self._files = files
        self._documents = Documents(core_schema(), limits)
        self.plans = Plans(core_schema(), database, schema.schema_converter.scalar_registry)

    def prepare(self, text: str, variables: Mapping[str, Any], name: str | None, request_id: str) -> Operation:
        """The operation of a document that a name picks."""
        prepared = self._documents.prepare(text)
        node = prepared.operation(name)
        found, code = list(prepared.errors), prepared.code
        if not found and node is None:
            message = f"there is no operation {name}" if name else "name one of the operations in operationName"
            found, code = [GraphQLError(message)], "OPERATION_NOT_FOUND"
        refusal = [user_errors.describe(error, code, request_id) for error in found]
        return Operation(text, variables, name, request_id, prepared, node, refusal)

    async def run(self, operation: Operation, actor: Actor | None, origin: str = "") -> tuple[bytes, bool]:
        """Run an operation without refusal; gives the response's body as JSON, and whether it ran at all.

        Addresses in it begin with `origin`, by which the caller reached the service.
        """
        assert operation.node is not None
        costly = self._documents.too_costly(operation.prepared, operation.node, operation.variables)
        if costly is not None:
            return orjson.dumps({"errors": [user_errors.describe(costly, "TOO_COSTLY", operation.request_id)]}), False
        context = self._context(operation, actor, origin)
        answer = await self.plans.answer(operation.prepared, operation.node, operation.variables, context)
        if answer is not None:
            data, found = answer
            if not found:
                return b'{"data":' + data + b"}", True
            return self._body(operation, found, orjson.loads(data), ran=True), True
        return await self._by_graphql_core(operation, context)

    async def run_without_plan(self, operation: Operation, actor: Actor | None) -> tuple[bytes, bool]:
        """The same by graphql-core alone, which every plan has to agree with."""
        return await self._by_graphql_core(operation, self._context(operation, actor))

    def _context(self, operation: Operation, actor: Actor | None, origin: str = "") -> Context:
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

    async def _by_graphql_core(self, operation: Operation, context: Context) -> tuple[bytes, bool]:
        result = await schema.execute(
            operation.text,
            variable_values=dict(operation.variables),
            context_value=context,
            operation_name=operation.name,
        )
        # Variables that do not fit their types are found before anything runs: no path, and no data.
        ran = result.data is not None or any(error.path is not None for error in result.errors or ())
        return self._body(operation, result.errors or [], result.data, ran=ran), ran

    @staticmethod
    def _body(operation: Operation, found: list[GraphQLError], data: Any, *, ran: bool) -> bytes:
        body: dict[str, Any] = {}
        if found:
            ordered = in_order(found, data)
            body["errors"] = [user_errors.describe(error, "BAD_USER_INPUT", operation.request_id) for error in ordered]
        if ran:
            body["data"] = data
        return orjson.dumps(body)
