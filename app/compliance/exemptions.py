"""Exemptions: letting a worker off a rule or a credential type for a time, and taking that back."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance import permissions
from app.compliance.tables import Exemption, RequirementRule
from app.core import fields, ids
from app.core.errors import Invalid, NotFound, allow
from app.core.fields import Changes, Fields, Given, plain
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.workers import people, references
from app.workers import permissions as worker_states

FIELDS = Fields(
    (
        fields.text("reason", "reason", longest=2_000, required=True),
        fields.day("from", "from_date"),
        fields.day("to", "to_date"),
    )
)


async def grant(session: Session, actor: Actor, given: Given) -> Exemption:
    """Let a worker off a rule, or off a type in whatever rule, from a day on: today unless given.

    Whoever calls is who approves.
    """
    values = FIELDS.read(given, absent="clear")
    if values["from_date"] is None:
        values["from_date"] = await calendar.today(session, actor.organization_id)
    if values["to_date"] is not None and values["to_date"] < values["from_date"]:
        raise Invalid(f"to is before {values['from_date']}, on which it begins", ("to",))
    worker = await references.find(session, actor, people.WORKER, given["worker"], ("worker",))
    allow(worker_states.update(worker))
    exemption = Exemption(
        organization_id=actor.organization_id,
        id=ids.new(Exemption.prefix),
        worker_id=worker.id,
        approved_by=actor.id,
        approved_by_name=actor.name,
        created_at=session.now,
        last_updated=session.now,
        **await _of_what(session, actor, given),
        **values,
    )
    session.add(exemption)
    await session.gather()
    changes: Changes = {
        name: {"from": None, "to": plain(getattr(exemption, column))}
        for name, column in (
            *(("rule", "rule_id"), ("credentialType", "credential_type_id")),
            *(("reason", "reason"), ("from", "from_date"), ("to", "to_date")),
        )
        if getattr(exemption, column) is not None
    }
    event_log.record(session, actor, EventKind.EXEMPTION_GRANTED, exemption, changes, worker_id=worker.id)
    return exemption


async def revoke(session: Session, actor: Actor, given: Given) -> Exemption:
    """Take an exemption back: from today on it counts no more. That it counted before stays known."""
    exemption = await row_access.claim(session, actor, Exemption, given["id"], ("id",))
    allow(permissions.revoke(exemption))
    row_access.expect(exemption.revision, given.get("expectedRevision"))
    exemption.revoked_at = session.now
    exemption.revision += 1
    exemption.last_updated = session.now
    await session.gather()
    event_log.record(session, actor, EventKind.EXEMPTION_REVOKED, exemption, worker_id=exemption.worker_id)
    return exemption


async def _of_what(session: Session, actor: Actor, given: Given) -> dict[str, Any]:
    by: Given = given["requirement"]
    if by.get("rule") is not None:
        path = ("requirement", "rule")
        rule = await row_access.find(session, actor, RequirementRule, by["rule"], path)
        allow(permissions.change(rule), path)
        return {"rule_id": rule.id}
    path, code = ("requirement", "credentialType"), str(by.get("credentialType"))
    statement = select(CredentialType).where(actor.sees(CredentialType), col(CredentialType.code) == code.strip())
    kind = (await session.scalars(statement)).one_or_none()
    if kind is None:
        raise NotFound(f"{'.'.join(path)}: there is no credential type {code}", path)
    return {"credential_type_id": kind.id}
