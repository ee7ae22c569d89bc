"""The starter catalogue: the credential types of a new organization, stored as JSON."""

import json
from collections.abc import Collection
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from app.access import Actor
from app.credential_types import editing, fields
from app.credential_types.tables import CreationPolicy, CredentialCategory, CredentialMetadata, CredentialType
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind

FILE = Path(__file__).with_name("catalogue.json")


def read() -> list[dict[str, Any]]:
    """Return the catalogue's rows in the form of a creation's input."""
    rows: list[dict[str, Any]] = json.loads(FILE.read_text())
    for row in rows:
        row["category"] = CredentialCategory(row["category"])
        row["creationPolicy"] = CreationPolicy(row["creationPolicy"])
        for name in ("supports", "requires"):
            row[name] = [CredentialMetadata(member) for member in row[name]]
    return rows


@cache
def _values() -> list[dict[str, Any]]:
    """Return the catalogue's rows by column. They are checked once per process."""
    return [fields.NEW_FIELDS.parse(row, absent="clear") for row in read()]


async def install(session: Session, actor: Actor, codes: Collection[str] | None = None) -> list[CredentialType]:
    """Add the catalogue's types to an organization, or only those with the codes. Return the new types."""
    chosen = [values for values in _values() if codes is None or values["code"] in codes]
    credential_types = [editing.new_type(actor.organization_id, session, deepcopy(values)) for values in chosen]
    session.add_all(credential_types)
    await session.flush()  # credentials of the same transaction query for their types
    for credential_type in credential_types:
        event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_CREATED, credential_type)
    return credential_types
