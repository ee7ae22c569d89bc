"""Finding the person that a caller means: by id, by work email, or by external id and source system."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import col

from app.access import Actor
from app.core.errors import Ambiguous, Invalid, NotFound, Path
from app.core.fields import Given
from app.core.text import composed, fold
from app.db import row_access
from app.db.database import Session
from app.workers.people import Kind, P


async def find(
    session: Session,
    actor: Actor,
    kind: Kind[P],
    by: Given,
    path: Path,
    *,
    lock: bool = False,
    include_deleted: bool = False,
) -> P:
    """The one person a reference names.

    `by` holds exactly one of `id`, `email` and `externalId`; `sourceSystem` narrows an external id, and the two may
    come together as `source`. An id finds a deleted person too, the other references only with `include_deleted`.
    Two matches are refused, never guessed.
    """
    by = {**by, **(by.get("source") or {})}
    given = [name for name in ("id", "email", "externalId") if by.get(name) is not None]
    if len(given) != 1:
        raise Invalid(f"{'.'.join(path)} needs exactly one of id and externalId", path)
    table = kind.table
    here = (*path, given[0])
    if given[0] == "id":
        statement = row_access.seen(actor, table, by["id"], here)
    else:
        statement = select(table).where(actor.sees(table), _matches(table, by))
        if not include_deleted:
            statement = statement.where(col(table.deleted_at).is_(None))
    statement = statement.limit(2)
    found = await session.locked(statement, of=table) if lock else list(await session.scalars(statement))
    if not found:
        raise NotFound(f"{'.'.join(here)}: there is no {table.noun()} {by[given[0]]}", here)
    if len(found) > 1:
        raise Ambiguous(
            f"{'.'.join(here)}: {by[given[0]]} is known in several source systems; name the source system too",
            here,
        )
    return found[0]


async def lookup(session: Session, actor: Actor, kind: Kind[P], by: Given, path: Path) -> P | None:
    """The person a reference names, or None."""
    try:
        return await find(session, actor, kind, by, path)
    except NotFound:
        return None


def _matches(table: Any, by: Given) -> ColumnElement[bool]:
    if by.get("email") is not None:
        return and_(col(table.email_key) == fold(by["email"]), col(table.email_key) != "")
    matches: ColumnElement[bool] = col(table.external_id) == composed(by["externalId"])
    if by.get("sourceSystem") is not None:
        matches &= col(table.source_system) == composed(by["sourceSystem"])
    return matches
