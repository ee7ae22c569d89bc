"""Documents, parsed, measured and validated once each, and remembered by their text."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension

from app.graph.execution import limits
from app.graph.execution.cost import cost, weight
from app.graph.execution.limits import Limits, TooMuch
from app.graph.execution.selection import fragments

REMEMBERED = 400_000
"""Characters of all documents that are remembered; a parsed one was seen to take 50 to 180 bytes for each."""
LONGEST_REMEMBERED = 20_000
"""Longer ones carry their values in the text, and will not come again."""
COSTS_REMEMBERED = 100
"""Different weights of a document's variables."""


@dataclass(frozen=True)
class Prepared:
    """A document ready to run, or the reason why it is not."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    code: str = ""
    costs: dict[tuple[Any, ...], GraphQLError | None] = field(default_factory=dict, compare=False)
    """Why its operations are too costly, if they are, by their name and the weights of their variables."""
    variables: dict[str, Any] = field(default_factory=dict, compare=False)
    """What each operation declares of its variables, by its name (see `variables`)."""
    conditions: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    """The variables that the conditions of each operation ask for, by its name."""
    plans: dict[tuple[str, tuple[Any, ...]], Any] = field(default_factory=dict, compare=False)
    """The plans of its operations, by their name and the truth of their conditions (see `plans`)."""

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of a name; without a name the only one."""
        found = [
            node
            for node in (self.document.definitions if self.document else ())
            if isinstance(node, OperationDefinitionNode)
            and (not name or (node.name is not None and node.name.value == name))
        ]
        return found[0] if len(found) == 1 else None

    def only_introspects(self, operation: OperationDefinitionNode) -> bool:
        """Whether an operation asks for nothing but the schema, which is public."""
        assert self.document is not None
        known, seen = fragments(self.document), set[str]()
        pending = [operation.selection_set]
        while pending:
            for node in pending.pop().selections:
                if isinstance(node, FragmentSpreadNode):
                    if node.name.value not in seen:
                        seen.add(node.name.value)
                        pending.append(known[node.name.value].selection_set)
                elif isinstance(node, InlineFragmentNode):
                    pending.append(node.selection_set)
                elif not (isinstance(node, FieldNode) and node.name.value.startswith("__")):
                    return False
        return True


class Documents:
    """Prepares documents for one schema, and remembers the recent ones that were found good."""

    def __init__(self, schema: GraphQLSchema, most: Limits | None = None) -> None:
        self.schema = schema
        self.limits = most or Limits()
        # From the one used longest ago to the latest; threads may share it.
        self._recent: OrderedDict[str, Prepared] = OrderedDict()
        self._remembered = 0
        self._lock = Lock()

    def prepare(self, text: str) -> Prepared:
        """The document of a text."""
        with self._lock:
            found = self._recent.get(text)
            if found is not None:
                self._recent.move_to_end(text)
                return found
        found = self._prepare(text)
        if not found.errors and len(text) <= LONGEST_REMEMBERED:
            self._remember(text, found)
        return found

    def _remember(self, text: str, prepared: Prepared) -> None:
        with self._lock:
            if text not in self._recent:
                self._remembered += len(text)
            self._recent[text] = prepared
            while self._remembered > REMEMBERED:
                oldest, _ = self._recent.popitem(last=False)
                self._remembered -= len(oldest)

    def too_costly(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> GraphQLError | None:
        """Why an operation would give too many records, if it would."""
        name = operation.name.value if operation.name else ""
        weights = (
            name,
            *(weight(variables, each.variable.name.value) for each in operation.variable_definitions or ()),
        )
        if weights not in prepared.costs:
            if len(prepared.costs) >= COSTS_REMEMBERED:
                prepared.costs.clear()
            prepared.costs[weights] = self._too_costly(prepared, operation, variables)
        return prepared.costs[weights]

    def _too_costly(
        self, prepared: Prepared, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> GraphQLError | None:
        assert prepared.document is not None
        found, most = cost(self.schema, prepared.document, operation, variables), self.limits
        if found.records > most.cost:
            much = f"{found.records:,} records, and {most.cost:,} is the most"
        elif found.fields > most.cost_fields:
            much = f"{found.fields:,} fields of its records, and {most.cost_fields:,} is the most"
        else:
            return None
        return GraphQLError(
            f"The operation could give {much}; ask for smaller pages.",
            nodes=operation,
            extensions={"code": "TOO_COSTLY"},
        )

    def _prepare(self, text: str) -> Prepared:
        most = self.limits
        if len(text) > most.characters:
            error = TooMuch(f"more than {most.characters:,} characters; send values as variables")
            return Prepared(None, (error.described(),), "TOO_COMPLEX")
        try:
            document = parse(text, max_lexical_tokens=most.tokens, max_comments=most.tokens)
        except GraphQLError as error:
            return Prepared(None, (error,), "GRAPHQL_PARSE_FAILED")
        too_much = limits.check(document, most)
        if too_much is not None:
            return Prepared(None, (too_much,), "TOO_COMPLEX")
        return self._validated(document)

    def _validated(self, document: DocumentNode) -> Prepared:
        errors = validate(self.schema, document, specified_rules, self.limits.errors)
        if not errors:
            errors = _bad_characters(document)
        if not errors:
            return Prepared(document)
        # Validation that gives up for another reason than the number of errors could not afford to go on.
        gave_up = isinstance(errors[-1], ValidationAbortedError) and len(errors) <= self.limits.errors
        if gave_up:
            error = TooMuch("too many fields of the same name, or fragments within fragments")
            return Prepared(None, (error.described(),), "TOO_COMPLEX")
        return Prepared(None, tuple(errors), "GRAPHQL_VALIDATION_FAILED")


def _bad_characters(document: DocumentNode) -> list[GraphQLError]:
    """Text that holds NUL, which PostgreSQL cannot store or compare."""
    found: list[GraphQLError] = []

    class FindNul(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
            if "\0" in node.value:
                found.append(GraphQLError("Text cannot hold the NUL character.", nodes=node))

    visit(document, FindNul())
    return found


class UsePrepared(SchemaExtension):
    """Hands Strawberry the document that the context brings, so that it neither parses nor validates it again."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        context.graphql_document = context.context.prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = []
        yield
