"""The inputs of the schema have exactly the fields that the domain writes, filters and sorts by."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_nullable_type

from app.compliance import rules
from app.core.fields import InputFields
from app.credential_types import fields as types
from app.credentials import fields as credentials
from app.credentials import versions
from app.credentials.files import attachments
from app.graph.dsl.declarations import EdgeDeclaration, QueryDeclaration
from app.lists.listings import ChildListing, Listing
from app.organizations import fields, units
from app.workers import fields as workers
from app.workers import positions
from tests.architecture.calls import COMBINATORS
from tests.architecture.shapes import SCHEMA, FieldEntry, edges, roots

IDEMPOTENCY = ["idempotencyKey"]
REVISION = [*IDEMPOTENCY, "expectedRevision"]
BY_ID = [*REVISION, "id"]
TYPE = ["identification.credentialType", "identification.category"]
OWNERS = [
    f"owners.{slot}.{member}" for slot in ("worker", "applicant") for member in ("id", "externalId", "sourceSystem")
]
PERSON = ["id", "email", "externalId", "source.externalId", "source.sourceSystem"]
WORKER = [f"worker.{member}" for member in PERSON]
APPLICANT = [f"applicant.{member}" for member in PERSON]

WRITE_INPUTS: dict[str, tuple[InputFields, Sequence[str]]] = {
    "WorkerCreateInput": (workers.WORKER, IDEMPOTENCY),
    "WorkerUpdateInput": (workers.WORKER, [*REVISION, *WORKER]),
    "WorkerReplaceInput": (workers.WORKER, [*REVISION, *WORKER]),
    "WorkerContent": (workers.WORKER, []),
    "ApplicantCreateInput": (workers.APPLICANT, IDEMPOTENCY),
    "ApplicantUpdateInput": (workers.APPLICANT, [*REVISION, *APPLICANT]),
    "ApplicantReplaceInput": (workers.APPLICANT, [*REVISION, *APPLICANT]),
    "CredentialCreateInput": (credentials.FIELDS, [*IDEMPOTENCY, *TYPE, *OWNERS]),
    "CredentialUpdateInput": (credentials.FIELDS, [*BY_ID, *TYPE, *OWNERS]),
    "CredentialReplaceInput": (credentials.FIELDS, [*BY_ID, *TYPE, *OWNERS]),
    "CredentialUpdateRow": (credentials.FIELDS, ["id", "expectedRevision", *TYPE]),
    "CredentialSubmitInput": (versions.FIELDS, [*BY_ID, "attachments"]),
    "AttachmentUploadCreateInput": (attachments.FIELDS, [*IDEMPOTENCY, "credential"]),
    "CredentialVersionAddInput": (versions.FIELDS, [*BY_ID, "keepAttachments"]),
    "CredentialVersionEditInput": (versions.FIELDS, BY_ID),
    "CredentialApproveInput": (credentials.COMMENT_FIELDS, [*BY_ID, "version"]),
    "CredentialRejectInput": (credentials.COMMENT_FIELDS, [*BY_ID, "version"]),
    "CredentialTypeCreateInput": (types.NEW_FIELDS, IDEMPOTENCY),
    "CredentialTypeUpdateInput": (types.FIELDS, BY_ID),
    "OrganizationUpdateInput": (fields.FIELDS, REVISION),
    "OrgUnitCreateInput": (units.FIELDS, IDEMPOTENCY),
    "OrgUnitUpdateInput": (units.FIELDS, BY_ID),
    "PositionCreateInput": (positions.FIELDS, IDEMPOTENCY),
    "PositionUpdateInput": (positions.FIELDS, BY_ID),
    "RequirementRuleCreateInput": (rules.FIELDS, IDEMPOTENCY),
    "RequirementRuleUpdateInput": (rules.FIELDS, BY_ID),
}
"""The inputs that write fields, with the domain's fields and the other members of each."""


def input_type(name: str) -> GraphQLInputObjectType:
    """Return an input type of the schema."""
    type_ = SCHEMA.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def paths(type_: GraphQLInputType, path: str = "") -> Iterator[str]:
    """Yield the paths of all members of an input."""
    inner = get_nullable_type(type_)
    if not isinstance(inner, GraphQLInputObjectType):
        yield path
        return
    for name, field in inner.fields.items():
        yield from paths(field.type, f"{path}.{name}" if path else name)


@pytest.mark.parametrize("name", WRITE_INPUTS)
def test_input_has_the_fields_that_the_domain_writes(name: str) -> None:
    fields, others = WRITE_INPUTS[name]
    assert sorted(paths(input_type(name))) == sorted([*(field.name for field in fields.all), *others])


def test_every_input_that_writes_fields_is_compared() -> None:
    verbs = ("Create", "Update", "Replace", "Add", "Edit")
    inputs = {str(entry.field.args["input"].type).rstrip("!") for entry in roots("Mutation")}
    writers = {name for name in inputs if name.removesuffix("Input").endswith(verbs)}
    # The actions of API keys and of credential requests read their input without declared fields. The rows of
    # `CredentialsUpdateInput` are compared above.
    assert writers - WRITE_INPUTS.keys() == {
        "ApiKeyCreateInput",
        "CredentialRequestsCreateInput",
        "CredentialsUpdateInput",
    }


def listing_of(entry: FieldEntry) -> Listing[Any]:
    """Return the listing behind a list field."""
    declared = entry.declaration
    if isinstance(declared, EdgeDeclaration):
        assert isinstance(declared.batch, ChildListing)
        return declared.batch.listing
    assert isinstance(declared, QueryDeclaration)
    assert declared.listing is not None
    return declared.listing


LISTS = [entry for entry in [*roots("Query"), *edges()] if entry.is_list]


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_list_has_the_filters_of_the_domain(entry: FieldEntry) -> None:
    where = entry.where_type
    offered = set(input_type(where).fields) - COMBINATORS if where else set()
    assert offered == set(listing_of(entry).filters)
    assert where is None or set(input_type(where).fields) >= COMBINATORS


@pytest.mark.parametrize("entry", LISTS, ids=str)
def test_list_has_the_orders_of_the_domain(entry: FieldEntry) -> None:
    order, listing = entry.field.args.get("orderBy"), listing_of(entry)
    offered = {name for name, _ in listing.default_order}  # a list with a single order needs no argument
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
def test_list_is_searchable_if_the_domain_searches(entry: FieldEntry) -> None:
    assert ("search" in entry.field.args) == (listing_of(entry).search is not None)
