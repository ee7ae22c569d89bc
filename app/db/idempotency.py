"""Idempotency keys: a repeated call with the same key and input returns the first outcome and has no second effect.

A key is claimed in the transaction of the change that it protects, so that both are committed or lost together, also
in a crash. The outcome of a refused call is stored by a second transaction, after the first is rolled back; if another
call with the key comes between the two, its outcome counts for both. Two calls at once with one key meet at the unique
key: the second waits for the first.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from zlib import crc32

import msgspec
from sqlalchemy import Index, delete, inspect, null, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Field, col

from app.core import errors
from app.core.errors import DomainError, IdempotencyMismatch, Invalid
from app.core.text import first_hidden
from app.db.engine.write_batch import Write
from app.db.prepared_statements import Statement, slot
from app.db.principal import Principal
from app.db.records import Document, Record
from app.db.session import Session

LIFETIME = timedelta(hours=24)
MAX_LENGTH = 200
SWEEP_ONE_IN = 32
"""One call in this many removes its organization's expired keys, so that no call has many to remove."""

_outcome_types: dict[str, type] = {}


class IdempotencyKey(Record, table=True):
    """A used key with the outcome of its call; `id` is the key as sent."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_by_age", "organization_id", "created_at"),)

    actor_id: str = Field(primary_key=True, max_length=200)
    id: str = Field(primary_key=True, max_length=MAX_LENGTH)
    digest: str
    outcome: Any = Field(default=None, sa_type=Document, nullable=True)
    created_at: datetime


def replayable(cls: type) -> type:
    """Register a dataclass that actions return, so that it can be stored and restored by its name.

    Stored outcomes hold the names of the class and its fields: renamed, the keys of the last 24 hours are lost.
    """
    if cls.__name__ in _outcome_types:
        raise TypeError(f"another outcome is called {cls.__name__}")
    _outcome_types[cls.__name__] = cls
    return cls


async def claim(session: Session, organization_id: str, actor_id: str, key: str, call: Any) -> Any:
    """Claim a key for a call: return None if it is new, and otherwise the stored outcome of its first call.

    Raises Invalid for a key that is none, and IdempotencyMismatch if the first call had another input.
    """
    if not 1 <= len(key) <= MAX_LENGTH or not key.isprintable() or first_hidden(key) is not None:
        raise Invalid(f"idempotencyKey is not 1 to {MAX_LENGTH} printable characters", ("idempotencyKey",))
    expired_before = session.now - LIFETIME
    if is_sweep_due(key):
        await session.fetch(_DELETE.read(session.dialect, organization=organization_id, since=expired_before))
    digest = hashlib.sha256(msgspec.json.encode(call, order="sorted")).hexdigest()
    values: dict[str, Any] = {"organization": organization_id, "actor": actor_id, "key": key}
    values |= {"digest": digest, "now": session.now, "since": expired_before}
    if await session.fetch(_INSERT.read(session.dialect, **values)):
        return None
    used = await session.get_row(IdempotencyKey, (organization_id, actor_id, key))
    if used.digest != digest:
        raise IdempotencyMismatch(
            "this idempotencyKey was used with another input; send a new key", ("idempotencyKey",)
        )
    return used.outcome


async def store(session: Session, organization_id: str, actor_id: str, key: str, result: Any) -> None:
    """Store the outcome of the call that claimed a key."""
    await session.queue_changes()  # deletes what is to be deleted: a deleted record is packed with its values
    key_values = {"organization": organization_id, "actor": actor_id, "key": key}
    read = _UPDATE.read(session.dialect, **key_values, result=pack(result))
    await session.queue_writes([Write(read.text, read.values)])


def is_sweep_due(key: str) -> bool:
    """Report whether the call of a key removes its organization's expired keys."""
    return crc32(key.encode()) % SWEEP_ONE_IN == 0


def _insert(dialect: str) -> Any:
    """Return the statement that inserts a key, or renews one that has expired."""
    insert = insert_postgresql if dialect == "postgresql" else insert_sqlite
    new = {"digest": slot("digest", _KEYS.c.digest), "created_at": slot("now", _KEYS.c.created_at)}
    key: dict[Any, Any] = {
        "organization_id": slot("organization", _KEYS.c.organization_id),
        "actor_id": slot("actor", _KEYS.c.actor_id),
        "id": slot("key", _KEYS.c.id),
    }
    return (
        insert(_KEYS)
        .values(key | new)
        .on_conflict_do_update(
            index_elements=list(_KEYS.primary_key),
            set_={**new, "outcome": null()},
            where=_KEYS.c.created_at < slot("since", _KEYS.c.created_at),
        )
        .returning(_KEYS.c.id)
    )


def _update(_dialect: str) -> Any:
    is_key = (
        _KEYS.c.organization_id == slot("organization", _KEYS.c.organization_id),
        _KEYS.c.actor_id == slot("actor", _KEYS.c.actor_id),
        _KEYS.c.id == slot("key", _KEYS.c.id),
    )
    return update(_KEYS).where(*is_key).values(outcome=slot("result", _KEYS.c.outcome))


def _delete(_dialect: str) -> Any:
    is_of_organization = _KEYS.c.organization_id == slot("organization", _KEYS.c.organization_id)
    return delete(_KEYS).where(is_of_organization, _KEYS.c.created_at < slot("since", _KEYS.c.created_at))


_KEYS: Any = IdempotencyKey.__dict__["__table__"]
_INSERT, _UPDATE, _DELETE = Statement(_insert), Statement(_update), Statement(_delete)


def pack(value: Any) -> Any:
    """Return a result as a document: records as references, refusals and outcomes with their class names."""
    if isinstance(value, Record) and inspect(value).deleted:
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
    """Return a stored result as the action returned it.

    Records are as they are now; in place of one that the caller no longer sees stands None.
    """
    if not isinstance(document, Mapping):
        return document
    match document:
        case {"record": name, "id": key}:
            table = Record.tables()[name]
            statement = select(table).where(viewer.visible_rows(table), col(table.id) == key)
            return (await session.scalars(statement)).one_or_none()
        case {"gone": name, "values": values}:
            return Record.tables()[name].model_validate(values)
        case {"error": name, "message": message, "path": path, "data": data}:
            fields = {key: await unpack(session, viewer, value) for key, value in data.items()}
            # Each refusal has an initializer of its own, which makes its message; the message is stored.
            refusal = getattr(errors, name).__new__(getattr(errors, name))
            DomainError.__init__(refusal, message, tuple(path), **fields)
            return refusal
        case {"outcome": name, "members": members}:
            values = {key: await unpack(session, viewer, value) for key, value in members.items()}
            return _outcome_types[name](**values)
        case {"list": items}:
            return [await unpack(session, viewer, item) for item in items]
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
    raise TypeError(f"not a stored outcome: {document}")
