"""Idempotency keys: the same key and input give the first result again, with no second effect.

The key is claimed in the transaction of the change that it protects, so the two are kept or lost together, also
across a crash. A refusal is kept by a transaction of its own, once the refused one is taken back: a call that comes
between decides for both. Two calls at once with one key meet at the unique key: the second waits for the first.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from zlib import crc32

import msgspec
from sqlalchemy import Index, delete, null, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm.attributes import instance_state
from sqlmodel import Field, col

from app.core import errors
from app.core.errors import DomainError, IdempotencyMismatch, Invalid
from app.db.database import Session
from app.db.prepared_statements import Statement, slot
from app.db.principal import Principal
from app.db.records import Document, Record
from app.db.write_batch import Write

KEPT = timedelta(hours=24)
LONGEST = 200
ONE_SWEEPS = 32
"""One of so many calls removes the keys that are forgotten."""

_outcomes: dict[str, type] = {}


class IdempotencyKey(Record, table=True):
    """A used key with the outcome of its call; `id` is the key as sent."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_by_age", "organization_id", "created_at"),)

    actor_id: str = Field(primary_key=True, max_length=200)
    id: str = Field(primary_key=True, max_length=LONGEST)
    digest: str
    outcome: Any = Field(default=None, sa_type=Document, nullable=True)
    created_at: datetime


def outcome(cls: type) -> type:
    """Marks a dataclass that actions give as a result, so that it can be kept and given again, by its name."""
    if cls.__name__ in _outcomes:
        raise TypeError(f"another outcome is called {cls.__name__}")
    _outcomes[cls.__name__] = cls
    return cls


async def claim(session: Session, organization_id: str, actor_id: str, key: str, call: Any) -> Any:
    """Take the key for this call. Gives None when it is new, else the kept outcome of its first use."""
    if not 1 <= len(key) <= LONGEST or not key.isprintable():
        raise Invalid(f"idempotencyKey is not 1 to {LONGEST} printable characters", ("idempotencyKey",))
    if sweeps(key):
        forgotten = {"organization": organization_id, "since": session.now - KEPT}
        await session.fetch(_SWEEPING.read(session.kind, **forgotten))
    digest = hashlib.sha256(msgspec.json.encode(call, order="sorted")).hexdigest()
    mine = {"organization": organization_id, "actor": actor_id, "key": key}
    taking = {**mine, "digest": digest, "now": session.now, "since": session.now - KEPT}
    if await session.fetch(_TAKING.read(session.kind, **taking)):
        return None
    used = await session.row(IdempotencyKey, (organization_id, actor_id, key))
    if used.digest != digest:
        raise IdempotencyMismatch(
            "this idempotencyKey was used with another input; send a new key", ("idempotencyKey",)
        )
    return used.outcome


async def keep(session: Session, organization_id: str, actor_id: str, key: str, result: Any) -> None:
    """Put the outcome beside the claimed key."""
    mine = {"organization": organization_id, "actor": actor_id, "key": key}
    keeping = _KEEPING.read(session.kind, **mine, result=pack(result))
    await session.put([Write(keeping.text, keeping.values)])


def sweeps(key: str) -> bool:
    """Whether the call of a key removes its organization's forgotten ones: one in so many does."""
    return crc32(key.encode()) % ONE_SWEEPS == 0


def _taking(dialect: str) -> Any:
    """Writes a key that is new, or as good as new because its first use is forgotten."""
    insert = insert_postgresql if dialect == "postgresql" else insert_sqlite
    new = {"digest": slot("digest", _KEYS.c.digest), "created_at": slot("now", _KEYS.c.created_at)}
    given: dict[Any, Any] = {
        "organization_id": slot("organization", _KEYS.c.organization_id),
        "actor_id": slot("actor", _KEYS.c.actor_id),
        "id": slot("key", _KEYS.c.id),
    }
    return (
        insert(_KEYS)
        .values(given | new)
        .on_conflict_do_update(
            index_elements=list(_KEYS.primary_key),
            set_={**new, "outcome": null()},
            where=_KEYS.c.created_at < slot("since", _KEYS.c.created_at),
        )
        .returning(_KEYS.c.id)
    )


def _keeping(_dialect: str) -> Any:
    mine = (
        _KEYS.c.organization_id == slot("organization", _KEYS.c.organization_id),
        _KEYS.c.actor_id == slot("actor", _KEYS.c.actor_id),
        _KEYS.c.id == slot("key", _KEYS.c.id),
    )
    return update(_KEYS).where(*mine).values(outcome=slot("result", _KEYS.c.outcome))


def _sweeping(_dialect: str) -> Any:
    theirs = _KEYS.c.organization_id == slot("organization", _KEYS.c.organization_id)
    return delete(_KEYS).where(theirs, _KEYS.c.created_at < slot("since", _KEYS.c.created_at))


_KEYS: Any = IdempotencyKey.__dict__["__table__"]
_TAKING, _KEEPING, _SWEEPING = Statement(_taking), Statement(_keeping), Statement(_sweeping)


def pack(value: Any) -> Any:
    """A result as a document: records as references, refusals and outcomes with their kind."""
    if isinstance(value, Record) and instance_state(value).deleted:
        return {"gone": str(type(value).__tablename__), "values": value.model_dump(mode="json")}
    if isinstance(value, Record):
        return {"record": str(type(value).__tablename__), "id": value.id}
    if isinstance(value, DomainError):
        return {
            "error": type(value).__name__,
            "message": value.message,
            "path": list(value.path),
            "data": {name: pack(item) for name, item in value.data.items()},
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = {
            field.name: None if field.metadata.get("secret") else pack(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
        return {"outcome": type(value).__name__, "members": members}
    if isinstance(value, list | tuple):
        return {"list": [pack(item) for item in value]}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return {"instant" if isinstance(value, datetime) else "day": value.isoformat()}
    return value


async def unpack(session: Session, viewer: Principal, document: Any) -> Any:
    """A kept result as the action gave it; the records as they are now, and none that the caller no longer sees."""
    if not isinstance(document, Mapping):
        return document
    match document:
        case {"record": name, "id": key}:
            table = Record.tables()[name]
            statement = select(table).where(viewer.sees(table), col(table.id) == key)
            return (await session.scalars(statement)).one_or_none()
        case {"gone": name, "values": values}:
            return Record.tables()[name].model_validate(values)
        case {"error": name, "message": message, "path": path, "data": data}:
            found = {key: await unpack(session, viewer, value) for key, value in data.items()}
            refusal = getattr(errors, name).__new__(getattr(errors, name))
            DomainError.__init__(refusal, message, tuple(path), **found)
            return refusal
        case {"outcome": name, "members": members}:
            values = {key: await unpack(session, viewer, value) for key, value in members.items()}
            return _outcomes[name](**values)
        case {"list": items}:
            return [await unpack(session, viewer, item) for item in items]
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
    raise TypeError(f"not a kept outcome: {document}")
