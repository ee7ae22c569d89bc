"""Grant and revoke exemptions of workers from a rule or from a credential type."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ReviewPolicy
from app.compliance import permissions
from app.compliance.tables import Exemption, RequirementRule
from app.core import fields, ids
from app.core.errors import Invalid, NotFound, raise_if_refused
from app.core.fields import Changes, Input, InputFields, json_value
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar, settings
from app.workers import people, references
from app.workers import permissions as worker_permissions

FIELDS = InputFields(
    (
        fields.text("reason", "reason", max_length=2_000, required=True),
        fields.day("startsOn", "from_date"),
        fields.day("endsOn", "to_date"),
    )
)


async def grant(session: Session, actor: Actor, input: Input) -> Exemption:
    """Exempt a worker from a rule, or from a credential type in all rules, from today unless the input has another day.

    The actor is recorded as the approver.
    """
    values = FIELDS.parse(input, absent="clear")
    if values["from_date"] is None:
        values["from_date"] = await calendar.today(session, actor.organization_id)
    if values["to_date"] is not None and values["to_date"] < values["from_date"]:
        raise Invalid(f"endsOn: must not be before {values['from_date']}, the first day", ("endsOn",))
    worker = await references.find(session, actor, people.WORKER, input["worker"], ("worker",), lock=True)
    raise_if_refused(worker_permissions.update(worker))
    raise_if_refused(permissions.grant(worker.id, policy=await _policy(session, actor)))
    exemption = Exemption(
        organization_id=actor.organization_id,
        id=ids.new(Exemption.prefix),
        worker_id=worker.id,
        approved_by=actor.id,
        approved_by_name=actor.name,
        created_at=session.now,
        updated_at=session.now,
        **await _requirement(session, actor, input),
        **values,
    )
    session.add(exemption)
    changes: Changes = {
        name: {"from": None, "to": json_value(getattr(exemption, column))}
        for name, column in (
            *(("rule", "rule_id"), ("credentialType", "credential_type_id")),
            *(("reason", "reason"), ("startsOn", "from_date"), ("endsOn", "to_date")),
        )
        if getattr(exemption, column) is not None
    }
    event_log.record(session, actor, EventKind.EXEMPTION_GRANTED, exemption, changes, worker_id=worker.id)
    return exemption


async def revoke(session: Session, actor: Actor, input: Input) -> Exemption:
    """Revoke an exemption from today on. Reports about past days still apply it."""
    exemption = await row_access.find_for_update(session, actor, Exemption, input["id"], ("id",))
    raise_if_refused(permissions.revoke(exemption, policy=await _policy(session, actor)))
    row_access.check_revision(exemption.revision, input.get("expectedRevision"))
    exemption.revoked_at = session.now
    row_access.touch(exemption, session.now)
    event_log.record(session, actor, EventKind.EXEMPTION_REVOKED, exemption, worker_id=exemption.worker_id)
    return exemption


async def _policy(session: Session, actor: Actor) -> ReviewPolicy:
    return settings.review_policy(await settings.load(session, actor.organization_id), actor.worker_id)


async def _requirement(session: Session, actor: Actor, input: Input) -> dict[str, Any]:
    reference: Input = input["requirement"]
    if reference.get("rule") is not None:
        path = ("requirement", "rule")
        rule = await row_access.find(session, actor, RequirementRule, reference["rule"], path)
        raise_if_refused(permissions.change(rule), path)
        return {"rule_id": rule.id}
    path, code = ("requirement", "credentialType"), str(reference.get("credentialType"))
    statement = select(CredentialType).where(
        actor.visible_rows(CredentialType), col(CredentialType.code) == code.strip()
    )
    credential_type = (await session.scalars(statement)).one_or_none()
    if credential_type is None:
        raise NotFound(f"{'.'.join(path)}: there is no credential type {code}", path)
    return {"credential_type_id": credential_type.id}
