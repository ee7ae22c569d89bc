"""Evidence packs: who may have one, the address of one, and what is in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from app.access import Actor, Scope
from app.attachments import content
from app.compliance.evaluation import day_context, worker_facts
from app.core import clock
from app.credentials.files.tables import Attachment
from app.db.database import Session
from app.evidence import credential_records, report, serialization, worker_records
from app.evidence.worker_records import Records
from app.signing.signed_urls import Address, Addresses, Purpose, Sealed

EVIDENCE = Purpose(b"evidence pack", "evidence")
NEEDED = (Scope.AUDIT_READ, Scope.WORKERS_READ, Scope.CREDENTIALS_READ, Scope.COMPLIANCE_READ)
"""What whoever asks for a pack may read: all that is in it."""
FORMAT = "credgraph-evidence/1"
READABLE = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Offer:
    """Where a pack can be had for a short while, without a key."""

    url: str
    expires_at: datetime
    as_of: date


@dataclass(frozen=True)
class File:
    """A file that is in the store, and where in the pack it goes."""

    path: str
    storage_key: str
    media_type: str
    sha256: str


@dataclass(frozen=True)
class Pack:
    """What goes into an archive: documents, files, and what the manifest begins with."""

    made_at: datetime
    about: dict[str, Any]
    documents: dict[str, bytes]
    files: list[File]


async def offered(session: Session, actor: Actor, keys: Sequence[str], as_of: date | None) -> dict[str, date]:
    """Worker → the day of the pack that can be had, for those on record that day. Raises MissingScope."""
    for scope in NEEDED:
        actor.permitted(scope)
    worker_facts.check_day(as_of)
    frame = await day_context.of(session, actor.organization_id, as_of)
    return dict.fromkeys(await worker_records.is_known(frame, keys), frame.day)


def offer(addresses: Addresses, actor: Actor, worker_id: str, day: date, origin: str, now: datetime) -> Offer:
    """The address of a pack, made for an actor."""
    details = [day.isoformat(), actor.kind.value, actor.id, actor.name]
    found: Address = addresses.make(EVIDENCE, actor.organization_id, worker_id, origin, now, details)
    return Offer(found.url, found.expires_at, day)


async def find(session: Session, sealed: Sealed) -> Records | None:
    """What the pack of an address is to tell; None where the worker is not on record."""
    return await worker_records.find(session, sealed.organization_id, sealed.key, date.fromisoformat(sealed.details[0]))


def file_name(sealed: Sealed) -> str:
    """Under what the pack of an address is saved."""
    return f"evidence-{sealed.key}-{sealed.details[0]}.zip"


def assemble(found: Records, sealed: Sealed, now: datetime, request_id: str) -> Pack:
    """All that goes into the pack of an address, read as of `now`. It takes a while where much has happened."""
    _, kind, actor_id, actor_name = sealed.details
    about = {
        "format": FORMAT,
        "organization": {"id": found.organization.id, "name": found.organization.name},
        "worker": {"id": found.worker.id, "displayName": found.name},
        "asOf": found.frame.day,
        "timeZone": found.frame.zone.key,
        "recordedBefore": found.past.until or now,
        "madeAt": now,
        "madeFor": {"kind": kind, "id": actor_id, "name": actor_name},
        "requestId": request_id,
    }
    files = _files(row for rows in found.attachments.values() for row in rows)
    return Pack(now, about, _documents(found, files, clock.today(now, found.frame.zone)), files)


def _documents(found: Records, files: Iterable[File], today: date) -> dict[str, bytes]:
    compliance = serialization.compliance(found)
    credentials = credential_records.tell(found, {file.storage_key: file.path for file in files})
    lines = [orjson.dumps(serialization.event(event), option=orjson.OPT_UTC_Z) for event in found.past.told]
    return {
        "README.txt": report.write(found, compliance, credentials, today).encode(),
        "compliance.json": orjson.dumps(compliance, option=READABLE),
        "worker.json": orjson.dumps(serialization.worker(found), option=READABLE),
        "credentials.json": orjson.dumps(credentials, option=READABLE),
        "events.jsonl": b"".join(line + b"\n" for line in lines),
    }


def _files(attachments: Iterable[Attachment]) -> list[File]:
    """The files of attachments; bytes that several versions share go in once."""
    found: dict[str, File] = {}
    for row in attachments:
        key, media_type = str(row.storage_key), str(row.media_type)
        path = f"attachments/{row.id}.{content.SUFFIXES[media_type]}"
        found.setdefault(key, File(path, key, media_type, str(row.sha256)))
    return list(found.values())
