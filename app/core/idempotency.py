"""Idempotency keys: the same key and input give the first result again, with no second effect.

The key is claimed in the transaction of the change that it protects, so the two are kept or lost together, also
across a crash. Two calls at once with one key meet at the unique key: the second waits for the first.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import Index, delete, inspect
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Field, col

from app.core import errors
from app.core.database import Session
from app.core.errors import DomainError, IdempotencyMismatch, Invalid
from app.core.records import Document, Record

KEPT = timedelta(hours=24)
LONGEST = 200

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
    theirs = col(IdempotencyKey.organization_id) == organization_id
    await session.execute(delete(IdempotencyKey).where(theirs, col(IdempotencyKey.created_at) < session.now - KEPT))
    digest = hashlib.sha256(msgspec.json.encode(call, order="sorted")).hexdigest()
    insert = insert_postgresql if session.dialect == "postgresql" else insert_sqlite
    claimed = await session.scalar(
        insert(IdempotencyKey)
        .values(organization_id=organization_id, actor_id=actor_id, id=key, digest=digest, created_at=session.now)
        .on_conflict_do_nothing()
        .returning(col(IdempotencyKey.id))
    )
    if claimed is not None:
        return None
    used = await session.get_one(IdempotencyKey, (organization_id, actor_id, key))
    if used.digest != digest:
        raise IdempotencyMismatch(
            "this idempotencyKey was used with another input; send a new key", ("idempotencyKey",)
        )
    return used.outcome


async def keep(session: Session, organization_id: str, actor_id: str, key: str, result: Any) -> None:
    """Write the outcome beside the claimed key."""
    row = await session.get_one(IdempotencyKey, (organization_id, actor_id, key))
    row.outcome = pack(result)


def pack(value: Any) -> Any:
    """A result as a document: records as references, refusals and outcomes with their kind."""
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


async def unpack(session: Session, organization_id: str, document: Any) -> Any:
    """A kept result as the action gave it; the records as they are now."""
    if not isinstance(document, Mapping):
        return document
    match document:
        case {"record": name, "id": key}:
            return await session.get(Record.tables()[name], (organization_id, key))
        case {"gone": name, "values": values}:
            return Record.tables()[name].model_validate(values)
        case {"error": name, "message": message, "path": path, "data": data}:
            found = {key: await unpack(session, organization_id, value) for key, value in data.items()}
            refusal = getattr(errors, name).__new__(getattr(errors, name))
            DomainError.__init__(refusal, message, tuple(path), **found)
            return refusal
        case {"outcome": name, "members": members}:
            values = {key: await unpack(session, organization_id, value) for key, value in members.items()}
            return _outcomes[name](**values)
        case {"list": items}:
            return [await unpack(session, organization_id, item) for item in items]
        case {"instant": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
    raise TypeError(f"not a kept outcome: {document}")
