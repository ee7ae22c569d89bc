"""The schema follows the conventions of the graph: descriptions, nullability, scopes, lists and mutations."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from app.access import Scope
from app.core import errors
from app.core.errors import DomainError, ErrorCode
from app.events.event_kinds import EventKind
from app.graph.compat import definition_of
from app.graph.dsl.declarations import AnyNodeDeclaration, EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from app.graph.dsl.user_errors import USER_ERRORS, UserError
from tests.architecture.shapes import SCHEMA, FieldEntry, edges, is_connection, object_types, roots

WITHOUT_SCOPE = {
    # The caller, and nodes of any type, each of which requires the scope of its own type.
    *("Query.viewer", "Query.node", "Query.nodes", "Event.subject"),
    # Open to everyone in an organization: its settings and its credential types.
    *("Query.organization", "Viewer.organization", "Query.credentialType", "Query.credentialTypes"),
    *("Identification.credentialType", "Verification.authority"),
    # Facts that follow from a row that the caller may read, and from its credential type.
    *("Credential.validity", "CredentialVersion.validity"),
    *("RequirementRule.alternatives", "RequirementRule.excluded"),
    *("ComplianceCell.wanted", "CredentialTypeCount.credentialType"),
    *("Exemption.credentialType", "CredentialRequest.credentialType", "CredentialRequest.guidance"),
}
"""Fields that fetch data and require no scope."""

NODES_WITHOUT_SCOPE = {"Organization", "CredentialType"}
"""Node types that require no scope."""

OTHER_SCOPES = {"Query.reviewQueue": Scope.CREDENTIALS_REVIEW}
"""Fields with another scope than their rows, because they serve a task with its own scope."""

PAGE_FIELDS = {"totalCount"}
"""Fields of a connection that are covered by the declaration of the connection."""

SHORT_LISTS = {
    "ApiKey.scopes",
    "CredentialType.requires",
    "CredentialType.supports",
    "Event.changes",
    "OrganizationSettings.reminderDays",
    "Viewer.roles",
    "Viewer.scopes",
    "VerificationAttempt.problems",
    # The number of items is limited when they are written.
    "RequirementRule.alternatives",
    "RequirementRule.excluded",
    # The rules that apply to one worker, and the credential types of one rule.
    "Clearance.blocking",
    "Clearance.cells",
    "Clearance.reasons",
    "ComplianceCell.wanted",
    "MatrixRow.cells",
    "Worker.compliance",
    "WorkerGaps.gaps",
    # A count for each value of an enum, each jurisdiction, or each type that expires.
    *(f"ComplianceSummary.by{name}" for name in ("Category", "Eligibility", "Jurisdiction", "Standing", "Status")),
    "ComplianceSummary.byValidity",
    "ExpirySpan.byType",
    # Up to 60 spans, and the first 20 workers of each.
    "ExpiryForecast.spans",
    "ExpirySpan.workers",
    # One registry for each of the few sources of the credential types.
    "Query.registries",
    # One item for each item of the input, which has a limit.
    "Query.nodes",
    "CredentialRequestsCreatePayload.results",
    "CredentialsApprovePayload.results",
    "CredentialsLinkPayload.results",
    "CredentialsRejectPayload.results",
    "CredentialsTransferPayload.results",
    "CredentialsUpdatePayload.results",
    "CredentialsVerifyPayload.results",
    "PositionAssignPayload.results",
    "WorkersUpsertPayload.results",
}
"""Lists that are not connections, because they always have few items."""

TOP_LEVEL_ERRORS = {errors.Unauthenticated, errors.MissingScope, errors.BadPage, errors.BadCursor}
"""Errors of requests and queries, which are reported as top-level errors."""

MUTATIONS = roots("Mutation")
LISTS = [entry for entry in [*roots("Query"), *edges()] if entry.is_list]


def own_types() -> Iterator[Any]:
    """Yield the types of the schema that GraphQL does not define itself."""
    for type_ in SCHEMA.type_map.values():
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_):
            yield type_


def descriptions() -> Iterator[tuple[str, str | None]]:
    """Yield the name and description of everything that can have a description."""
    for type_ in own_types():
        yield type_.name, type_.description
        members = type_.values if isinstance(type_, GraphQLEnumType) else getattr(type_, "fields", {})
        for name, member in members.items():
            yield f"{type_.name}.{name}", member.description
            for argument, definition in getattr(member, "args", {}).items():
                yield f"{type_.name}.{name}({argument}:)", definition.description
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description


def test_everything_is_described() -> None:
    assert [name for name, description in descriptions() if not (description or "").strip()] == []


def fetching_fields() -> list[FieldEntry]:
    """Return the fields whose resolvers are async or use the context, except permissions, which only read a row."""
    fields = []
    for parent in object_types():
        for name, field in parent.fields.items():
            definition: Any = definition_of(field)
            resolver = getattr(definition, "base_resolver", None)
            if resolver is None or name.startswith("viewerCan") or (is_connection(parent) and name in PAGE_FIELDS):
                continue
            function = inspect.unwrap(resolver.wrapped_func)
            if inspect.iscoroutinefunction(function) or "info" in inspect.signature(function).parameters:
                fields.append(FieldEntry(parent.name, name))
    return fields


def test_every_fetching_field_is_declared() -> None:
    assert fetching_fields()
    assert [str(entry) for entry in fetching_fields() if entry.declaration is None] == []


def test_every_declared_field_fetches() -> None:
    declared = [*roots("Query"), *roots("Mutation"), *edges()]
    assert {str(entry) for entry in declared} == {str(entry) for entry in fetching_fields()}


def test_every_fetching_field_requires_a_scope() -> None:
    free = {
        str(entry)
        for entry in fetching_fields()
        if isinstance(entry.declaration, AnyNodeDeclaration)
        or (
            isinstance(entry.declaration, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
            and entry.declaration.scope is None
        )
    }
    assert free == WITHOUT_SCOPE


def test_every_node_type_requires_a_scope() -> None:
    assert {node.type.__name__ for node in nodes_by_prefix.values() if node.scope is None} == NODES_WITHOUT_SCOPE


def test_edge_requires_the_scope_of_its_target() -> None:
    scopes = {node.type.__name__: node.scope for node in nodes_by_prefix.values()}
    for entry in [*roots("Query"), *edges()]:
        target = get_named_type(entry.field.type)
        if isinstance(target, GraphQLObjectType) and is_connection(target):
            target = get_named_type(target.fields["nodes"].type)
        if target.name in scopes and isinstance(entry.declaration, QueryDeclaration | EdgeDeclaration):
            assert entry.declaration.scope == OTHER_SCOPES.get(str(entry), scopes[target.name]), entry


def test_every_fetching_field_is_nullable() -> None:
    assert [str(entry) for entry in fetching_fields() if isinstance(entry.field.type, GraphQLNonNull)] == []


def error_classes() -> list[type[DomainError]]:
    """Return all classes of domain errors that have a code of their own or inherited."""
    with_code, classes = [], [DomainError]
    while classes:
        classes = [subclass for class_ in classes for subclass in class_.__subclasses__()]
        with_code += [class_ for class_ in classes if hasattr(class_, "code")]
    return with_code


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_of_a_mutation_has_a_type_and_a_code(error: type[DomainError]) -> None:
    if error in TOP_LEVEL_ERRORS:
        assert error.code not in set(ErrorCode)
        return
    assert error.code in set(ErrorCode)
    assert any(shown.error_class in error.__mro__ for shown in USER_ERRORS if shown.error_class is not DomainError)


def test_every_code_belongs_to_one_error() -> None:
    codes = [error.code for error in error_classes()]
    assert set(ErrorCode) <= set(codes)
    assert len(codes) == len(set(codes))


def test_schema_has_a_type_for_every_user_error() -> None:
    interface = SCHEMA.type_map["UserError"]
    assert isinstance(interface, GraphQLInterfaceType)
    assert {type_.name for type_ in SCHEMA.get_possible_types(interface)} == {class_.__name__ for class_ in USER_ERRORS}
    assert all(issubclass(class_, UserError) for class_ in USER_ERRORS)


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_list_has_page_arguments(entry: FieldEntry) -> None:
    types = {name: str(argument.type) for name, argument in entry.field.args.items()}
    expected = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    assert {name: types.get(name) for name in expected} == expected


def list_fields(type_: GraphQLObjectType) -> Iterator[str]:
    """Yield the names of a type's list fields."""
    for name, field in type_.fields.items():
        inner: GraphQLOutputType = get_nullable_type(field.type)
        if isinstance(inner, GraphQLList):
            yield f"{type_.name}.{name}"


def test_long_list_is_a_connection() -> None:
    lists = {name for type_ in object_types() if not is_connection(type_) for name in list_fields(type_)}
    # There are at most as many errors, and steps of an error's path, as there are members of the input.
    error_lists = {name for name in lists if name.endswith((".errors", "Error.path"))}
    assert lists - error_lists == SHORT_LISTS


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_mutation_has_one_input_and_its_own_payload(entry: FieldEntry) -> None:
    assert list(entry.field.args) == ["input"]
    assert isinstance(entry.field.args["input"].type, GraphQLNonNull)
    payload = get_named_type(entry.field.type)
    assert isinstance(payload, GraphQLObjectType)
    if entry.field.deprecation_reason is None:  # else it has the payload of its new name
        assert payload.name == f"{entry.name[0].upper()}{entry.name[1:]}Payload"
    assert str(payload.fields["errors"].type) == "[UserError!]!"
    others = [field.type for name, field in payload.fields.items() if name != "errors"]
    assert others
    assert not any(isinstance(type_, GraphQLNonNull) for type_ in others)


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_mutation_takes_an_idempotency_key(entry: FieldEntry) -> None:
    assert str(input_of(entry).fields["idempotencyKey"].type) == "String"


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_change_of_a_record_takes_the_expected_revision(entry: FieldEntry) -> None:
    payload = get_named_type(entry.field.type)
    assert isinstance(payload, GraphQLObjectType)
    changed = [get_named_type(field.type) for name, field in payload.fields.items() if name != "errors"]
    has_revision = any("revision" in getattr(type_, "fields", {}) for type_ in changed)
    changes_one = not entry.name.endswith(("Create", "Grant")) and "results" not in payload.fields
    if has_revision and changes_one:
        assert str(input_of(entry).fields["expectedRevision"].type) == "Int"
    elif not changes_one:
        assert "expectedRevision" not in input_of(entry).fields


def input_of(entry: FieldEntry) -> GraphQLInputObjectType:
    """Return the input type of a mutation."""
    input_type = get_named_type(entry.field.args["input"].type)
    assert isinstance(input_type, GraphQLInputObjectType)
    return input_type


def test_every_event_kind_is_in_the_schema() -> None:
    event_kind = SCHEMA.type_map["EventKind"]
    assert isinstance(event_kind, GraphQLEnumType)
    assert {value.value for value in event_kind.values.values()} == set(EventKind)
    assert all(value.description for value in event_kind.values.values())
