"""The starter catalogue: the credential types that a new organization begins with, kept as data."""

import json
from collections.abc import Collection
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from app.access import Actor
from app.credential_types import editing, fields
from app.credential_types.tables import Category, CreationPolicy, CredentialType, Metadata
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind

FILE = Path(__file__).with_name("catalogue.json")


def read() -> list[dict[str, Any]]:
    """The catalogue's rows, as the input of a creation."""
    rows: list[dict[str, Any]] = json.loads(FILE.read_text())
    for row in rows:
        row["category"] = Category(row["category"])
        row["creationPolicy"] = CreationPolicy(row["creationPolicy"])
        for name in ("supports", "requires"):
            row[name] = [Metadata(member) for member in row[name]]
    return rows


@cache
def _values() -> list[dict[str, Any]]:
    """The catalogue's rows by column, checked once: nothing in them changes while the service runs."""
    return [fields.NEW.read(row, absent="clear") for row in read()]


async def stock(session: Session, actor: Actor, codes: Collection[str] | None = None) -> list[CredentialType]:
    """Give an organization the whole catalogue, or the types of some codes."""
    chosen = [values for values in _values() if codes is None or values["code"] in codes]
    kinds = [editing.build(actor.organization_id, session, deepcopy(values)) for values in chosen]
    session.add_all(kinds)
    await session.flush()
    for kind in kinds:
        event_log.record(session, actor, EventKind.CREDENTIAL_TYPE_CREATED, kind)
    return kinds
