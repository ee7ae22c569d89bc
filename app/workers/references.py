"""Find the person of a reference: an id, a work email, or an external id with a source system."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import col

from app.access import Actor
from app.core.errors import AmbiguousOwner, InputPath, Invalid, NotFound
from app.core.fields import Input
from app.core.text import email_key, normalize
from app.db import row_access
from app.db.session import Session
from app.workers.people import PersonSpec, PersonT


async def find(
    session: Session,
    actor: Actor,
    spec: PersonSpec[PersonT],
    reference: Input,
    path: InputPath,
    *,
    lock: bool = False,
    include_deleted: bool = False,
) -> PersonT:
    """Return the person of a reference, locked if asked.

    `reference` has exactly one of `id`, `email` and `externalId`. `sourceSystem` narrows an external id; both may be
    nested in `source`. An id finds a deleted person too, the other references only with `include_deleted`. Raises
    NotFound for no match, AmbiguousOwner for several, and Invalid for a reference without exactly one key.
    """
    reference = {**reference, **(reference.get("source") or {})}
    names = [name for name in ("id", "email", "externalId") if reference.get(name) is not None]
    if len(names) != 1:
        raise Invalid(f"{'.'.join(path)}: needs exactly one of id and externalId", path)
    table = spec.table
    key_path = (*path, names[0])
    if names[0] == "id":
        statement = row_access.select_visible(actor, table, reference["id"], key_path)
    else:
        statement = select(table).where(actor.visible_rows(table), _matches(table, reference))
        if not include_deleted:
            statement = statement.where(col(table.deleted_at).is_(None))
    statement = statement.limit(2)
    people = await session.scalars_for_update(statement, of=table) if lock else list(await session.scalars(statement))
    if not people:
        raise NotFound(f"{'.'.join(key_path)}: there is no {table.noun()} {reference[names[0]]}", key_path)
    if len(people) > 1:
        raise AmbiguousOwner(
            f"{'.'.join(key_path)}: {reference[names[0]]} exists in several source systems; add sourceSystem",
            key_path,
        )
    return people[0]


async def find_by_source(
    session: Session, actor: Actor, spec: PersonSpec[PersonT], source: Input, *, include_deleted: bool
) -> PersonT | None:
    """Return the person of an external id in a source system, locked; None if there is none.

    With `include_deleted`, that is the one deleted last if none is present.
    """
    table = spec.table
    reference = {"externalId": source["externalId"], "sourceSystem": source.get("sourceSystem") or ""}
    # Deleted people are locked as well. Of two calls that restore the same one, the second finds them present.
    statement = select(table).where(actor.visible_rows(table), _matches(table, reference)).order_by(col(table.id))
    people = await session.scalars_for_update(statement, of=table)
    present = [person for person in people if person.deleted_at is None]
    deleted = [person for person in people if person.deleted_at is not None] if include_deleted else []
    if present:
        return present[0]
    return max(deleted, key=lambda person: (person.deleted_at, person.id), default=None)


async def lookup(
    session: Session, actor: Actor, spec: PersonSpec[PersonT], reference: Input, path: InputPath
) -> PersonT | None:
    """Return the person of a reference, or None."""
    try:
        return await find(session, actor, spec, reference, path)
    except NotFound:
        return None


def _matches(table: Any, reference: Input) -> ColumnElement[bool]:
    if reference.get("email") is not None:
        return and_(col(table.email_key) == email_key(reference["email"]), col(table.email_key) != "")
    condition: ColumnElement[bool] = col(table.external_id) == normalize(reference["externalId"])
    if reference.get("sourceSystem") is not None:
        condition &= col(table.source_system) == normalize(reference["sourceSystem"])
    return condition
