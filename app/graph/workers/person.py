"""The types and inputs that workers and applicants share."""

from datetime import date
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credentials import queries as credentials
from app.graph.credentials.listing import CREDENTIAL_LIST
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, permission
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.types import (
    OutputType,
    as_output,
    embedded,
    flag,
    input,
    interface,
    member,
    one_of,
    output,
    scalar,
    to_data,
)
from app.graph.node import Node
from app.graph.type_references import CREDENTIAL
from app.lists.listings import Lookup
from app.workers import fields, permissions, references
from app.workers.people import PersonSpec


@output
class Identity:
    """The names and date of birth of a person."""

    display_name: str = scalar("The name to show for the person.")
    first_name: str | None = scalar("The person's first name.")
    middle_name: str | None = scalar("The person's middle names.")
    last_name: str | None = scalar("The person's last name.")
    full_name: str = scalar(
        "The first, middle and last names joined; the display name if none is set.",
        derived=fields.full_name,
        reads=("first_name", "middle_name", "last_name", "display_name"),
    )
    birth_date: date | None = scalar("The person's date of birth.")


@output
class Contact:
    """The email addresses and phone number of a person."""

    work_email: str | None = scalar("The work email. Unique in the organization, ignoring case.")
    personal_email: str | None = scalar("The private email.")
    phone: str | None = scalar("The phone number.")


@output
class Source:
    """The origin of a person's record: the source system and its id there."""

    external_id: str | None = scalar("The id in the source system.")
    source_system: str | None = scalar(
        "The name of the source system, such as `workday`.",
        derived=lambda person: person.source_system or None,
        reads=("source_system",),
    )


@interface
class CredentialOwner(Node):
    """A person who can hold credentials: a worker or an applicant."""

    identity: Identity = embedded("The person's names and date of birth.")
    contact: Contact = embedded("The person's email addresses and phone number.")
    source: Source = embedded("The origin of the record.")
    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_worker, "The credentials that the person holds.", key="id", **CREDENTIAL_LIST
    )
    revision: int = scalar(
        "The record's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    deleted: bool = flag("True if the record is deleted.", "deleted_at")


@input
class IdentityInput:
    """The names and date of birth of a person."""

    display_name: str | None = member("The name to show for the person. Required.")
    first_name: str | None = member("The first name.")
    middle_name: str | None = member("The middle names.")
    last_name: str | None = member("The last name.")
    birth_date: date | None = member("The date of birth.")


@input
class ContactInput:
    """The email addresses and phone number of a person."""

    work_email: str | None = member("The work email. Unique in the organization, ignoring case.")
    personal_email: str | None = member("The private email.")
    phone: str | None = member("The phone number.")


@input
class SourceInput:
    """The origin of a person's record. The external id and source system together are unique in the organization."""

    external_id: str | None = member("The id in the source system, of visible characters.")
    source_system: str | None = member("The name of the source system, such as `workday`.")


@input
class PersonContent:
    """The fields of a worker or an applicant."""

    identity: IdentityInput | None = member("The names and date of birth. Must include a `displayName`.")
    contact: ContactInput | None = member("The email addresses and phone number.")
    source: SourceInput | None = member("The origin of the record.")


@input
class ExternalIdInput:
    """The id of a person in a source system."""

    external_id: str = member("The id in the source system.", default=...)
    source_system: str = member("The name of the source system, such as `workday`.", default=...)


@input
class PersonKeys:
    """The keys by which a person is referred to."""

    id: strawberry.ID | None = member("The id in this service.")
    email: str | None = member("The work email, ignoring case.")
    external_id: str | None = member("The id in the source system, if only one source system uses it.")
    source: ExternalIdInput | None = member("The id in a source system, and the system's name.")


@one_of
class WorkerBy(PersonKeys):
    """A reference to one worker, by exactly one key."""


@one_of
class ApplicantBy(PersonKeys):
    """A reference to one applicant, by exactly one key."""


def can(description: str, by_id: Lookup[Any], rule: Any, **options: Any) -> Any:
    """Declare a `viewerCan…` field of a person."""
    return permission(description, by_id, Scope.WORKERS_WRITE, rule, reads=permissions.READS, **options)


def find_person(
    context: Context, actor: Actor, spec: PersonSpec[Any], by_id: Lookup[Any], by: PersonKeys
) -> OutputType | None:
    """Return a reference to the person named by an input, for a query to return (see `defer_load`)."""
    if isinstance(by.id, str):  # of whatever kind: a lookup finds nothing by the id of something else
        return defer_load(by_id, by.id)
    return as_output(context.run_query(references.lookup, actor, spec, to_data(by), ("by",)))
