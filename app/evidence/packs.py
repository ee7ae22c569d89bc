"""Evidence packs: the scopes they require, their signed links, and their contents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from app.access import Actor, Scope
from app.attachments import content
from app.compliance.evaluation import day_context
from app.core import clock
from app.core.fields import check_day
from app.credentials.files.tables import Attachment
from app.db.session import Session
from app.evidence import credential_records, report, serialization, worker_records
from app.evidence.worker_records import WorkerRecords
from app.signing.signed_urls import Purpose, SignedUrl, SignedUrls, UrlPayload

EVIDENCE = Purpose(b"evidence pack", "evidence")
REQUIRED_SCOPES = (Scope.AUDIT_READ, Scope.WORKERS_READ, Scope.CREDENTIALS_READ, Scope.COMPLIANCE_READ)
"""The scopes that a pack requires: together they permit to read everything in it."""
FORMAT = "credgraph-evidence/1"
JSON_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class PackLink:
    """A short-lived link to a pack that works without an API key."""

    url: str
    expires_at: datetime
    as_of: date


@dataclass(frozen=True)
class PackFile:
    """A file of the store, and its path in the pack."""

    path: str
    storage_key: str
    media_type: str
    sha256: str


@dataclass(frozen=True)
class Pack:
    """The contents of an archive: documents, files, and the first members of the manifest."""

    made_at: datetime
    header: dict[str, Any]
    documents: dict[str, bytes]
    files: list[PackFile]


async def available_days(
    session: Session, actor: Actor, worker_ids: Sequence[str], as_of: date | None
) -> dict[str, date]:
    """Return the day of the available pack by worker id, for workers on record on that day. Raises MissingScope."""
    for scope in REQUIRED_SCOPES:
        actor.require_scope(scope)
    check_day(as_of)
    context = await day_context.load(session, actor.organization_id, as_of)
    return dict.fromkeys(await worker_records.workers_on_record(context, worker_ids), context.day)


def make_link(signed_urls: SignedUrls, actor: Actor, worker_id: str, day: date, origin: str, now: datetime) -> PackLink:
    """Return a link to a pack that is made for an actor."""
    signed: SignedUrl = signed_urls.make(
        EVIDENCE,
        worker_id,
        actor.url_holder,
        origin,
        now,
        until=actor.expires_at,
        details=[day.isoformat(), actor.name],
    )
    return PackLink(signed.url, signed.expires_at, day)


async def load_records(session: Session, payload: UrlPayload) -> WorkerRecords | None:
    """Load the records for the pack of a link; None if the worker was not on record."""
    return await worker_records.load(
        session, payload.organization_id, payload.key, date.fromisoformat(payload.details[0])
    )


def file_name(payload: UrlPayload) -> str:
    """Return the name under which a browser saves the pack of a link."""
    return f"evidence-{payload.key}-{payload.details[0]}.zip"


def assemble(records: WorkerRecords, payload: UrlPayload, now: datetime, request_id: str) -> Pack:
    """Return the contents of the pack of a link, made at `now`.

    This is slow for a worker with many events: call it in a thread.
    """
    holder, [_, actor_name] = payload.holder, payload.details
    header = {
        "format": FORMAT,
        "organization": {"id": records.organization.id, "name": records.organization.name},
        "worker": {"id": records.worker.id, "displayName": records.display_name},
        "asOf": records.context.day,
        "timeZone": records.context.zone.key,
        "recordedBefore": records.history.until or now,
        "madeAt": now,
        "madeFor": {"kind": holder.kind, "id": holder.id, "name": actor_name},
        "requestId": request_id,
    }
    files = _files(row for rows in records.attachments.values() for row in rows)
    return Pack(now, header, _documents(records, files, clock.today(now, records.context.zone)), files)


def _documents(records: WorkerRecords, files: Iterable[PackFile], today: date) -> dict[str, bytes]:
    compliance = serialization.compliance(records)
    credentials = credential_records.serialize(records, {file.storage_key: file.path for file in files})
    lines = [orjson.dumps(serialization.event(event), option=orjson.OPT_UTC_Z) for event in records.history.events]
    return {
        "README.txt": report.write(records, compliance, credentials, today).encode(),
        "compliance.json": orjson.dumps(compliance, option=JSON_OPTIONS),
        "worker.json": orjson.dumps(serialization.worker(records), option=JSON_OPTIONS),
        "credentials.json": orjson.dumps(credentials, option=JSON_OPTIONS),
        "events.jsonl": b"".join(line + b"\n" for line in lines),
    }


def _files(attachments: Iterable[Attachment]) -> list[PackFile]:
    """Return the files of attachments, once each even if several versions share one."""
    files: dict[str, PackFile] = {}
    for row in attachments:
        key, media_type = str(row.storage_key), str(row.media_type)
        path = f"attachments/{row.id}.{content.SUFFIXES[media_type]}"
        files.setdefault(key, PackFile(path, key, media_type, str(row.sha256)))
    return list(files.values())
