"""What workers and applicants have in common."""

from datetime import date
from typing import Any

import strawberry

from app.access import Actor
from app.core import ids
from app.credentials import queries as credentials
from app.graph.credentials.listing import CREDENTIAL_LIST
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge
from app.graph.dsl.node_types import find
from app.graph.dsl.types import Result, as_value, flag, given, input, interface, member, one_of, output, part, scalar
from app.graph.node import Node
from app.graph.references import CREDENTIAL
from app.lists.listings import Lookup
from app.workers import fields, references
from app.workers.people import Kind


@output
class Identity:
    """Who a person is."""

    display_name: str = scalar("The name shown everywhere.")
    first_name: str | None = scalar("The first name.")
    middle_name: str | None = scalar("The middle name or names.")
    last_name: str | None = scalar("The last name.")
    full_name: str = scalar(
        "First, middle and last name together; the display name when none is known.",
        derived=fields.full_name,
        reads=("first_name", "middle_name", "last_name", "display_name"),
    )
    birth_date: date | None = scalar("The day of birth.")


@output
class Contact:
    """How a person is reached."""

    work_email: str | None = scalar("The email address at work, unique in the organization.")
    personal_email: str | None = scalar("A private email address.")
    phone: str | None = scalar("A telephone number.")


@output
class Source:
    """Where a person's record comes from."""

    external_id: str | None = scalar("The id in the system of record.")
    source_system: str | None = scalar(
        "The system of record, such as `workday`.",
        derived=lambda person: person.source_system or None,
        reads=("source_system",),
    )


@interface
class CredentialOwner(Node):
    """Someone who can hold credentials: a worker or an applicant."""

    identity: Identity = part("Who they are.")
    contact: Contact = part("How they are reached.")
    source: Source = part("Where the record comes from.")
    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_worker, "The credentials they hold.", key="id", **CREDENTIAL_LIST
    )
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    deleted: bool = flag("Whether it is deleted.", "deleted_at")


@input
class IdentityInput:
    """Who a person is."""

    display_name: str | None = member("The name shown everywhere. Required.")
    first_name: str | None = member("The first name.")
    middle_name: str | None = member("The middle name or names.")
    last_name: str | None = member("The last name.")
    birth_date: date | None = member("The day of birth.")


@input
class ContactInput:
    """How a person is reached."""

    work_email: str | None = member("The email address at work, unique in the organization ignoring case.")
    personal_email: str | None = member("A private email address.")
    phone: str | None = member("A telephone number.")


@input
class SourceInput:
    """Where a person's record comes from. The two together are unique in the organization."""

    external_id: str | None = member("The id in the system of record.")
    source_system: str | None = member("The system of record, such as `workday`.")


@input
class PersonContent:
    """What can be written of any person."""

    identity: IdentityInput | None = member("Who they are; needs a displayName.")
    contact: ContactInput | None = member("How they are reached.")
    source: SourceInput | None = member("Where the record comes from.")


@input
class ExternalIdInput:
    """An id in a system of record."""

    external_id: str = member("The id.", default=...)
    source_system: str = member("The system, such as `workday`.", default=...)


@one_of
class PersonBy:
    """One person, named in exactly one way."""

    id: strawberry.ID | None = member("By the id here.")
    email: str | None = member("By the email address at work, ignoring case.")
    external_id: str | None = member("By the id in a system of record, where only one system uses it.")
    source: ExternalIdInput | None = member("By the id in a system of record, and that system.")


def find_person(context: Context, actor: Actor, kind: Kind[Any], by_id: Lookup[Any], by: PersonBy) -> Result | None:
    """What a query may give instead of the person that is named (see `find`)."""
    if by.id and ids.kind(by.id) == kind.table.prefix:
        return find(by_id, by.id)
    return as_value(context.look(references.lookup, actor, kind, given(by), ("by",)))
