"""What the domain can write, filter and sort by is what the schema's inputs offer: neither side forgets a field."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_nullable_type

from app.compliance import rules
from app.core.fields import Fields
from app.credential_types import fields as types
from app.credentials import fields as credentials
from app.credentials import review, versions
from app.credentials.files import attachments
from app.graph.dsl.declarations import EdgeDeclaration, QueryDeclaration
from app.lists.listings import ChildListing, Listing
from app.organizations import settings, units
from app.workers import fields as workers
from app.workers import positions
from tests.architecture.calls import COMBINATORS
from tests.architecture.shapes import SCHEMA, Entry, edges, roots

CALL = ["idempotencyKey"]
CHANGE = [*CALL, "expectedRevision"]
BY_ID = [*CHANGE, "id"]
TYPE = ["identification.credentialType", "identification.category"]
OWNERS = [
    f"owners.{slot}.{member}" for slot in ("worker", "applicant") for member in ("id", "externalId", "sourceSystem")
]
PERSON = ["id", "email", "externalId", "source.externalId", "source.sourceSystem"]
WORKER = [f"worker.{member}" for member in PERSON]
APPLICANT = [f"applicant.{member}" for member in PERSON]

WRITTEN: dict[str, tuple[Fields, Sequence[str]]] = {
    "WorkerCreateInput": (workers.WORKER, CALL),
    "WorkerUpdateInput": (workers.WORKER, [*CHANGE, *WORKER]),
    "WorkerReplaceInput": (workers.WORKER, [*CHANGE, *WORKER]),
    "WorkerContent": (workers.WORKER, []),
    "ApplicantCreateInput": (workers.APPLICANT, CALL),
    "ApplicantUpdateInput": (workers.APPLICANT, [*CHANGE, *APPLICANT]),
    "ApplicantReplaceInput": (workers.APPLICANT, [*CHANGE, *APPLICANT]),
    "CredentialCreateInput": (credentials.FIELDS, [*CALL, *TYPE, *OWNERS]),
    "CredentialUpdateInput": (credentials.FIELDS, [*BY_ID, *TYPE, *OWNERS]),
    "CredentialReplaceInput": (credentials.FIELDS, [*BY_ID, *TYPE, *OWNERS]),
    "CredentialUpdateRow": (credentials.FIELDS, ["id", "expectedRevision", *TYPE]),
    "CredentialSubmitInput": (versions.FIELDS, [*BY_ID, "attachments"]),
    "AttachmentUploadCreateInput": (attachments.FIELDS, [*CALL, "credential"]),
    "CredentialVersionAddInput": (versions.FIELDS, BY_ID),
    "CredentialVersionEditInput": (versions.FIELDS, BY_ID),
    "CredentialApproveInput": (review.COMMENT_FIELDS, [*BY_ID, "version"]),
    "CredentialRejectInput": (review.COMMENT_FIELDS, [*BY_ID, "version"]),
    "CredentialTypeCreateInput": (types.NEW_FIELDS, CALL),
    "CredentialTypeUpdateInput": (types.FIELDS, BY_ID),
    "OrganizationUpdateInput": (settings.FIELDS, CHANGE),
    "OrgUnitCreateInput": (units.FIELDS, CALL),
    "OrgUnitUpdateInput": (units.FIELDS, BY_ID),
    "PositionCreateInput": (positions.FIELDS, CALL),
    "PositionUpdateInput": (positions.FIELDS, BY_ID),
    "RequirementRuleCreateInput": (rules.FIELDS, CALL),
    "RequirementRuleUpdateInput": (rules.FIELDS, BY_ID),
}
"""The inputs that write fields: which of the domain's, and what else they take."""


def input_type(name: str) -> GraphQLInputObjectType:
    """An input type of the schema."""
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLInputObjectType)
    return found


def paths(kind: GraphQLInputType, path: str = "") -> Iterator[str]:
    """The paths of all that an input holds."""
    inner = get_nullable_type(kind)
    if not isinstance(inner, GraphQLInputObjectType):
        yield path
        return
    for name, field in inner.fields.items():
        yield from paths(field.type, f"{path}.{name}" if path else name)


@pytest.mark.parametrize("name", WRITTEN)
def test_an_input_offers_what_the_domain_writes(name: str) -> None:
    fields, others = WRITTEN[name]
    assert sorted(paths(input_type(name))) == sorted([*(field.name for field in fields.all), *others])


def test_every_input_that_writes_fields_is_compared() -> None:
    verbs = ("Create", "Update", "Replace", "Add", "Edit")
    inputs = {str(entry.field.args["input"].type).rstrip("!") for entry in roots("Mutation")}
    writing = {name for name in inputs if name.removesuffix("Input").endswith(verbs)}
    # A key's name and scopes are read by its own action, each in its own way; so is whom to ask for what. Updates of
    # many hold rows that are compared above.
    assert writing - WRITTEN.keys() == {
        "ApiKeyCreateInput",
        "CredentialRequestsCreateInput",
        "CredentialsUpdateInput",
    }


def listing_of(entry: Entry) -> Listing[Any]:
    """The list that a field shows."""
    declared = entry.declared
    if isinstance(declared, EdgeDeclaration):
        assert isinstance(declared.batch, ChildListing)
        return declared.batch.listing
    assert isinstance(declared, QueryDeclaration)
    assert declared.listing is not None
    return declared.listing


LISTS = [entry for entry in [*roots("Query"), *edges()] if entry.is_list]


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_a_list_can_be_filtered_by_what_the_domain_filters(entry: Entry) -> None:
    where = entry.where_type
    offered = set(input_type(where).fields) - COMBINATORS if where else set()
    assert offered == set(listing_of(entry).filters)
    assert where is None or set(input_type(where).fields) >= COMBINATORS


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_a_list_can_be_sorted_by_what_the_domain_sorts(entry: Entry) -> None:
    order, listing = entry.field.args.get("orderBy"), listing_of(entry)
    offered = {name for name, _ in listing.default_order}  # a list of a single order need not say so
    if order is not None:
        items = get_nullable_type(order.type)
        assert isinstance(items, GraphQLList)
        key = get_nullable_type(items.of_type)
        assert isinstance(key, GraphQLInputObjectType)
        field = get_nullable_type(key.fields["field"].type)
        assert isinstance(field, GraphQLEnumType)
        offered = {str(value.value) for value in field.values.values()}
    assert offered == set(listing.orders)


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_a_list_can_be_searched_if_the_domain_searches(entry: Entry) -> None:
    assert ("search" in entry.field.args) == (listing_of(entry).search is not None)
