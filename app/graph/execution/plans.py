"""Plans of operations: compiled once each, kept beside their document, and run in graphql-core's place."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import structlog
from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues

from app.db.database import Database
from app.graph.dsl.context import Context
from app.graph.execution.compile.operation_compiler import Compiler
from app.graph.execution.documents import Prepared
from app.graph.execution.run.arguments import NO_VARIABLES
from app.graph.execution.run.column_reads import Reader
from app.graph.execution.run.executor import Anew, Plan, Run
from app.graph.execution.run.variables import Variables
from app.graph.execution.selection import Selections, Unknown, conditions

log = structlog.get_logger("graph")

MOST_PLANS = 16
"""Plans that are kept of a document: for its operations, and the truths of their conditions."""

Answer = tuple[bytes, list[GraphQLError]]
"""The data of a response as JSON, and the errors in it."""


class Plans:
    """Answers operations by plans, and counts those that it leaves to graphql-core."""

    def __init__(self, schema: GraphQLSchema, database: Database, registry: Any) -> None:
        self._schema, self._database = schema, database
        self._reader = Reader(database)
        self._compiler = Compiler(schema, self._reader.dialect, registry)
        self.answered = 0
        """Operations that a plan answered."""
        self.fallbacks: Counter[str] = Counter()
        """Why others were left to graphql-core, and how many each."""

    async def answer(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any], context: Context
    ) -> Answer | None:
        """The answer of an operation; None when graphql-core has to give it."""
        try:
            coerced = self._coerced(prepared, operation, variables)
            plan = self._plan(prepared, operation, coerced)
            run = Run(context, self._reader, coerced)
            data = await self._database.lanes.run(plan.reading(run))
        except (Unknown, Anew) as reason:
            self.fallbacks[str(reason)] += 1
            return None
        except Exception:
            log.exception("plan failed", request_id=context.request_id)
            self.fallbacks["a fault of the plan"] += 1
            return None
        self.answered += 1
        return data, run.errors

    def _coerced(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> VariableValues:
        if not operation.variable_definitions:
            return NO_VARIABLES
        name = operation.name.value if operation.name else ""
        declared = prepared.variables.get(name)
        if declared is None:
            declared = prepared.variables[name] = Variables(self._schema, operation)
        return declared.coerced(variables)

    def _plan(self, prepared: Prepared, operation: OperationDefinitionNode, variables: VariableValues) -> Plan:
        assert prepared.document is not None
        name = operation.name.value if operation.name else ""
        asked = prepared.conditions.get(name)
        if asked is None:
            asked = prepared.conditions[name] = conditions(prepared.document, operation)
        truths = tuple(variables.coerced.get(each) for each in asked)
        found = prepared.plans.get((name, truths))
        if found is None:
            if len(prepared.plans) >= MOST_PLANS:
                prepared.plans.clear()
            found = prepared.plans[name, truths] = self._compiled(prepared.document, operation, asked, truths)
        if isinstance(found, str):
            raise Unknown(found)
        return found

    def _compiled(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        asked: tuple[str, ...],
        truths: tuple[Any, ...],
    ) -> Plan | str:
        """The plan, or why there is none."""
        if any(not isinstance(truth, bool) for truth in truths):
            return "a condition that is neither true nor false"
        selections = Selections(self._schema, document, dict(zip(asked, truths, strict=True)))
        try:
            return self._compiler.plan(selections, operation)
        except Unknown as reason:
            return str(reason)
