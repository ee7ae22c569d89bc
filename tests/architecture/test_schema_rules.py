"""The schema keeps the graph's conventions: descriptions, nullability, scopes, shapes of lists and mutations."""

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
from app.graph.dsl.declarations import AnyNodeDeclaration, EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from app.graph.dsl.user_errors import USER_ERRORS, UserError
from tests.architecture.shapes import BACKREF, SCHEMA, Entry, edges, is_connection, object_types, roots

FREE = {
    # Who asks, and what is looked up by its kind, under the scope of that kind.
    *("Query.viewer", "Query.node", "Query.nodes", "Event.subject"),
    # What everybody in an organization knows: its settings, and the types of credentials that there are.
    *("Query.organization", "Viewer.organization", "Query.credentialType", "Query.credentialTypes"),
    *("Identification.credentialType", "Verification.authority"),
    # What follows from a row that the caller has, and its type.
    *("Credential.validity", "CredentialVersion.validity"),
    *("RequirementRule.alternatives", "RequirementRule.excluded"),
    *("ComplianceCell.wanted", "ExpiringType.credentialType"),
    *("Exemption.credentialType", "CredentialRequest.credentialType", "CredentialRequest.guidance"),
}
"""Fields that fetch, and take no scope."""

FREE_NODES = {"Organization", "CredentialType"}
"""Kinds of rows that take no scope."""

FOR_SOME = {"Query.reviewQueue": Scope.CREDENTIALS_REVIEW}
"""Fields that take another scope than their rows do, being for those who do something with them."""

OF_A_PAGE = {"totalCount"}
"""What a page's own declaration covers: counting it."""

SHORT_LISTS = {
    "ApiKey.scopes",
    "CredentialType.requires",
    "CredentialType.supports",
    "Event.changes",
    "OrganizationSettings.reminderDays",
    "Viewer.roles",
    "Viewer.scopes",
    "VerificationAttempt.problems",
    # Bounded where they are written.
    "RequirementRule.alternatives",
    "RequirementRule.excluded",
    # The rules that apply to one worker, and what one of them names.
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
    # One registry for each of the few sources that the types name.
    "Query.registries",
    # As many as the caller sent, and no more than a call may carry.
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
"""Lists that are no connections, since by their nature they hold few items."""

NOT_OF_MUTATIONS = {errors.Unauthenticated, errors.MissingScope, errors.BadPage, errors.BadCursor}
"""Refusals of the request or of a query, which are top-level errors."""

MUTATIONS = roots("Mutation")
LISTS = [entry for entry in [*roots("Query"), *edges()] if entry.is_list]


def own_types() -> Iterator[Any]:
    """The schema's types but for those that GraphQL brings."""
    for kind in SCHEMA.type_map.values():
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            yield kind


def described() -> Iterator[tuple[str, str | None]]:
    """Everything that has a description, by name."""
    for kind in own_types():
        yield kind.name, kind.description
        members = kind.values if isinstance(kind, GraphQLEnumType) else getattr(kind, "fields", {})
        for name, member in members.items():
            yield f"{kind.name}.{name}", member.description
            for argument, definition in getattr(member, "args", {}).items():
                yield f"{kind.name}.{name}({argument}:)", definition.description
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description


def test_everything_is_described() -> None:
    assert [name for name, description in described() if not (description or "").strip()] == []


def fetching() -> list[Entry]:
    """The fields whose resolvers are async or ask for the context; but for permissions, which only look at a row."""
    found = []
    for parent in object_types():
        for name, field in parent.fields.items():
            definition: Any = field.extensions.get(BACKREF)
            resolver = getattr(definition, "base_resolver", None)
            if resolver is None or name.startswith("viewerCan") or (is_connection(parent) and name in OF_A_PAGE):
                continue
            function = inspect.unwrap(resolver.wrapped_func)
            if inspect.iscoroutinefunction(function) or "info" in inspect.signature(function).parameters:
                found.append(Entry(parent.name, name))
    return found


def test_every_field_that_fetches_is_declared() -> None:
    assert fetching()
    assert [str(entry) for entry in fetching() if entry.declared is None] == []


def test_every_declared_field_fetches() -> None:
    declared = [*roots("Query"), *roots("Mutation"), *edges()]
    assert {str(entry) for entry in declared} == {str(entry) for entry in fetching()}


def test_every_field_that_fetches_takes_a_scope() -> None:
    free = {
        str(entry)
        for entry in fetching()
        if isinstance(entry.declared, AnyNodeDeclaration)
        or (
            isinstance(entry.declared, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
            and entry.declared.scope is None
        )
    }
    assert free == FREE


def test_every_kind_of_row_takes_a_scope() -> None:
    assert {node.type.__name__ for node in nodes_by_prefix.values() if node.scope is None} == FREE_NODES


def test_an_edge_takes_the_scope_of_what_it_leads_to() -> None:
    scopes = {node.type.__name__: node.scope for node in nodes_by_prefix.values()}
    for entry in [*roots("Query"), *edges()]:
        target = get_named_type(entry.field.type)
        if isinstance(target, GraphQLObjectType) and is_connection(target):
            target = get_named_type(target.fields["nodes"].type)
        if target.name in scopes and isinstance(entry.declared, QueryDeclaration | EdgeDeclaration):
            assert entry.declared.scope == FOR_SOME.get(str(entry), scopes[target.name]), entry


def test_whatever_fetches_is_nullable() -> None:
    assert [str(entry) for entry in fetching() if isinstance(entry.field.type, GraphQLNonNull)] == []


def refusals() -> list[type[DomainError]]:
    """Every class of refusal that can be raised as such: those with a code."""
    found, classes = [], [DomainError]
    while classes:
        classes = [below for each in classes for below in each.__subclasses__()]
        found += [each for each in classes if hasattr(each, "code")]
    return found


@pytest.mark.parametrize("refusal", refusals(), ids=lambda refusal: refusal.__name__)
def test_every_refusal_of_a_mutation_has_a_type_and_a_code(refusal: type[DomainError]) -> None:
    if refusal in NOT_OF_MUTATIONS:
        assert refusal.code not in set(ErrorCode)
        return
    assert refusal.code in set(ErrorCode)
    assert any(shown.refusal in refusal.__mro__ for shown in USER_ERRORS if shown.refusal is not DomainError)


def test_every_code_is_some_refusal_s() -> None:
    codes = [refusal.code for refusal in refusals()]
    assert set(ErrorCode) <= set(codes)
    assert len(codes) == len(set(codes))


def test_the_schema_shows_every_kind_of_refusal() -> None:
    interface = SCHEMA.type_map["UserError"]
    assert isinstance(interface, GraphQLInterfaceType)
    assert {kind.name for kind in SCHEMA.get_possible_types(interface)} == {kind.__name__ for kind in USER_ERRORS}
    assert all(issubclass(kind, UserError) for kind in USER_ERRORS)


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_a_list_is_asked_for_by_the_page(entry: Entry) -> None:
    types = {name: str(argument.type) for name, argument in entry.field.args.items()}
    expected = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    assert {name: types.get(name) for name in expected} == expected


def lists_of(kind: GraphQLObjectType) -> Iterator[str]:
    """The fields of a type that are lists."""
    for name, field in kind.fields.items():
        inner: GraphQLOutputType = get_nullable_type(field.type)
        if isinstance(inner, GraphQLList):
            yield f"{kind.name}.{name}"


def test_a_list_that_can_be_long_is_a_connection() -> None:
    lists = {name for kind in object_types() if not is_connection(kind) for name in lists_of(kind)}
    # Refusals, and where in the input they are, are as few as the input's fields.
    refused = {name for name in lists if name.endswith((".errors", "Error.path"))}
    assert lists - refused == SHORT_LISTS


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_a_mutation_has_one_input_and_a_payload_of_its_own(entry: Entry) -> None:
    assert list(entry.field.args) == ["input"]
    assert isinstance(entry.field.args["input"].type, GraphQLNonNull)
    payload = get_named_type(entry.field.type)
    assert isinstance(payload, GraphQLObjectType)
    assert payload.name == f"{entry.name[0].upper()}{entry.name[1:]}Payload"
    assert str(payload.fields["errors"].type) == "[UserError!]!"
    others = [field.type for name, field in payload.fields.items() if name != "errors"]
    assert others
    assert not any(isinstance(kind, GraphQLNonNull) for kind in others)


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_a_mutation_takes_a_key_for_idempotency(entry: Entry) -> None:
    assert str(input_of(entry).fields["idempotencyKey"].type) == "String"


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
def test_a_change_of_a_record_takes_the_revision_that_was_read(entry: Entry) -> None:
    payload = get_named_type(entry.field.type)
    assert isinstance(payload, GraphQLObjectType)
    changed = [get_named_type(field.type) for name, field in payload.fields.items() if name != "errors"]
    grows = any("revision" in getattr(kind, "fields", {}) for kind in changed)
    one = not entry.name.endswith(("Create", "Grant")) and "results" not in payload.fields
    if grows and one:
        assert str(input_of(entry).fields["expectedRevision"].type) == "Int"
    elif not one:
        assert "expectedRevision" not in input_of(entry).fields


def input_of(entry: Entry) -> GraphQLInputObjectType:
    """The type of a mutation's input."""
    found = get_named_type(entry.field.args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def test_every_kind_of_event_is_in_the_schema() -> None:
    shown = SCHEMA.type_map["EventKind"]
    assert isinstance(shown, GraphQLEnumType)
    assert {value.value for value in shown.values.values()} == set(EventKind)
    assert all(value.description for value in shown.values.values())
