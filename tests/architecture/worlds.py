"""Organizations with rows of every table, created by the domain's own actions, for tests that cover the whole graph."""

import itertools
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, Scope
from app.attachments.receipt import ReceivedFile
from app.compliance import exemptions, request_actions, rules
from app.compliance.tables import RuleScope
from app.core import ids
from app.credential_types import editing as types
from app.credential_types.tables import CredentialCategory
from app.credentials import creation, lifecycle, versions
from app.credentials.files import attachments, removals
from app.credentials.files.tables import AttachmentSide
from app.credentials.tables import Credential, VerificationStatus, VersionChange
from app.credentials.verification import check_results
from app.credentials.verification.tables import VerificationAttempt
from app.db import idempotency
from app.db.records import Record
from app.db.session import Session
from app.events.tables import Event
from app.organizations import api_keys, settings, units
from app.organizations.tables import OrgUnitType
from app.registries.findings import Eligibility, Finding
from app.workers import assignments, deletion, editing, people, positions
from tests.architecture.shapes import FieldEntry
from tests.service import STARTER_TYPES, Tenant

RecordType = TypeVar("RecordType", bound=Record)

TYPE_CODE, CATEGORY = "WWCC_WA", CredentialCategory.SCREENING
"""A credential type of the starter catalogue that takes any reference number, and its category."""
WORLD_TYPES = STARTER_TYPES | {TYPE_CODE}
"""The credential types of the populated organizations."""

FAR_FUTURE = date(2199, 1, 1)  # the first day of rules that must not apply to anybody
SPARE_PEOPLE = 6  # workers, and applicants, beyond those that the edges need

TOKEN = re.compile(r"zq[a-z]+\d{6}", re.IGNORECASE)
"""Matches the token in every text of a created row, by which tests recognize the row anywhere in a response."""


_numbers = itertools.count(1)


@dataclass(frozen=True)
class SampleRow:
    """A created record: its id, and its texts by the names of input members."""

    label: str
    """Its noun and its state, such as `org unit live`."""
    id: str
    texts: Mapping[str, str] = field(default_factory=dict)
    parts: tuple["SampleRow", ...] = ()
    """Rows that were created with it, such as a credential's version."""

    @property
    def noun(self) -> str:
        """The noun of the record, such as `org unit`."""
        return self.label.rpartition(" ")[0]

    def part(self, label: str) -> "SampleRow":
        """Return the row of a label that was created with it."""
        return next(row for row in self.parts if row.label == label)

    def unknown_twin(self, factory: "RowFactory") -> "SampleRow":
        """Return a row with an id and texts of the same form, which does not exist."""
        token = factory.new_token()
        new_id = ids.new(self.id.partition("_")[0]) if self.id else ""
        texts = {
            name: new_id if text == self.id else TOKEN.sub(_cased(token), text) for name, text in self.texts.items()
        }
        return SampleRow(self.label, new_id, texts)


def _cased(token: str) -> Callable[[re.Match[str]], str]:
    return lambda match: token.upper() if match[0].isupper() else token


@dataclass
class RowFactory:
    """Creates rows of one organization. Their texts share a mark."""

    tenant: Tenant
    mark: str
    unit: str | None = None
    """The org unit of new workers and the parent of new units."""
    manager: str | None = None
    """The manager of new workers."""

    def new_token(self) -> str:
        """Return a text that no other record holds."""
        return f"zq{self.mark}{next(_numbers):06}"

    async def create_rows(self, labels: Iterable[str]) -> list[SampleRow]:
        """Create rows of some labels in one transaction."""
        async with self.tenant.service.database.writing("worlds") as session:
            return [await ROW_BUILDERS[label](self, session) for label in labels]

    @property
    def actor(self) -> Actor:
        """The actor who creates the rows."""
        return self.tenant.actor


def _flushed(build: Callable[..., Awaitable[SampleRow]]) -> Callable[..., Awaitable[SampleRow]]:
    """Flush after a builder: the next action of the session does not see rows that are not written."""

    @wraps(build)
    async def build_and_flush(factory: RowFactory, session: Session, *arguments: Any, **options: Any) -> SampleRow:
        row = await build(factory, session, *arguments, **options)
        await session.flush()
        return row

    return build_and_flush


@_flushed
async def _worker(factory: RowFactory, session: Session, label: str = "worker live", **more: Any) -> SampleRow:
    token = factory.new_token()
    employment = {name: f"{token} {name}" for name in ("jobTitle", "team", "department", "jobFamily")}
    content = {
        **_person(token),
        "employment": {**employment, "orgUnit": more.get("unit", factory.unit)},
        "address": {"country": f"{token} country", "stateOrProvince": f"{token} state", "zipCode": token},
        "manager": {
            "id": more.get("manager", factory.manager),
            "lastName": f"{token} boss",
            "externalId": f"{token}-boss",
        },
        "profile": {"photoUrl": f"https://example.org/{token}.jpg", "bio": f"{token} bio"},
    }
    worker = await editing.create(people.WORKER, session, factory.actor, content)
    return SampleRow(label, worker.id, {**_names(content), **employment, "search": token})


@_flushed
async def _applicant(factory: RowFactory, session: Session, label: str = "applicant live") -> SampleRow:
    token = factory.new_token()
    content = _person(token)
    applicant = await editing.create(people.APPLICANT, session, factory.actor, content)
    return SampleRow(label, applicant.id, {**_names(content), "search": token})


def _person(token: str) -> dict[str, Any]:
    names = ("displayName", "firstName", "middleName", "lastName")
    return {
        "identity": {**{name: f"{token} {name}" for name in names}, "birthDate": date(1990, 1, 2)},
        "contact": {"workEmail": f"{token}@work.test", "personalEmail": f"{token}@home.test", "phone": token},
        "source": {"externalId": f"{token}-id", "sourceSystem": f"{token}-system"},
    }


def _names(content: dict[str, Any]) -> dict[str, str]:
    identity = {name: text for name, text in content["identity"].items() if isinstance(text, str)}
    email = content["contact"]["workEmail"]
    return {**identity, **content["source"], "email": email, "workEmail": email}


@_flushed
async def _deleted_worker(factory: RowFactory, session: Session) -> SampleRow:
    row = await _worker(factory, session, "worker gone")
    await deletion.delete(people.WORKER, session, factory.actor, {"worker": {"id": row.id}})
    return row


@_flushed
async def _deleted_applicant(factory: RowFactory, session: Session) -> SampleRow:
    row = await _applicant(factory, session, "applicant gone")
    await deletion.delete(people.APPLICANT, session, factory.actor, {"applicant": {"id": row.id}})
    return row


@_flushed
async def _unit(factory: RowFactory, session: Session, parent: str | None = None) -> SampleRow:
    name = f"{factory.new_token()} unit"
    content = {"name": name, "type": OrgUnitType.TEAM, "parent": parent or factory.unit}
    unit = await units.create(session, factory.actor, content)
    return SampleRow("org unit live", unit.id, {"name": name})


@_flushed
async def _type(
    factory: RowFactory, session: Session, label: str = "credential type live", *, reviewed: bool = False
) -> SampleRow:
    token = factory.new_token()
    names = ("name", "jurisdiction", "issuingAuthority", "instructions", "verificationSource")
    texts = {name: f"{token} {name}" for name in names} | {"code": token.upper(), "search": token}
    credential_type = await types.create(
        session, factory.actor, {**texts, "category": CATEGORY, "approvalRequired": reviewed}
    )
    return SampleRow(
        label,
        credential_type.id,
        texts | {"credentialType": texts["code"], "type": texts["code"], "alternatives": texts["code"]},
    )


@_flushed
async def _archived_type(factory: RowFactory, session: Session) -> SampleRow:
    row = await _type(factory, session, "credential type gone")
    await types.archive(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _credential(
    factory: RowFactory,
    session: Session,
    label: str = "credential live",
    *,
    owners: dict[str, SampleRow] | None = None,
    code: str = TYPE_CODE,
    until: date = date(2099, 5, 1),
) -> SampleRow:
    owners = owners or {"worker": await _worker(factory, session)}
    token = factory.new_token()
    names = {"displayName": f"{token} credential", "referenceNumber": f"{token}-number"}
    issuing = {"issuingAuthority": f"{token} authority"}
    days = {"issueDate": date(2024, 5, 1), "expiryDate": until}
    content = {
        "identification": {**names, "credentialType": code, "category": CATEGORY},
        "issuing": {**issuing, **days},
        "verification": {"status": VerificationStatus.ACTIVE},
        "owners": {slot: {"id": row.id} for slot, row in owners.items()},
    }
    created = await creation.create(session, factory.actor, content)
    parts = [SampleRow("credential version live", created.credential.latest_version_id), *owners.values()]
    if created.attempt is not None:
        parts.append(SampleRow("verification attempt live", created.attempt.id, {"registry": created.attempt.source}))
    texts = {**names, **issuing, "type": code, "search": token}
    if code != TYPE_CODE:  # whose jurisdiction the types of all tenants share
        texts["jurisdiction"] = str(created.credential.jurisdiction)
    return SampleRow(label, created.credential.id, texts, tuple(parts))


@_flushed
async def _deleted_credential(factory: RowFactory, session: Session) -> SampleRow:
    row = await _credential(factory, session, "credential gone")
    await lifecycle.delete(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _archived_credential(factory: RowFactory, session: Session) -> SampleRow:
    row = await _credential(factory, session, "credential archived")
    await lifecycle.archive(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _attachment(
    factory: RowFactory, session: Session, label: str = "attachment live", credential: SampleRow | None = None
) -> SampleRow:
    """Create an uploaded file whose bytes are not stored."""
    expected = await _expected_attachment(factory, session, credential)
    removal = removals.schedule(session, factory.tenant.id, factory.new_token(), session.now)
    await session.flush()
    received = ReceivedFile(removal.storage_key, "front.png", 1, "0" * 64, "image/png")
    await attachments.attach(session, factory.actor, expected.id, received, removal)
    return SampleRow(label, expected.id, expected.texts)


@_flushed
async def _expected_attachment(factory: RowFactory, session: Session, credential: SampleRow | None = None) -> SampleRow:
    credential = credential or await _credential(factory, session)
    name = f"{factory.new_token()}.png"
    content = {"credential": credential.id, "side": AttachmentSide.OTHER, "fileName": name}
    attachment = (await attachments.expect(session, factory.actor, content)).attachment
    assert attachment is not None
    return SampleRow("attachment expected", attachment.id, {"fileName": name})


@_flushed
async def _version(factory: RowFactory, session: Session) -> SampleRow:
    return (await _credential(factory, session)).part("credential version live")


@_flushed
async def _version_change(factory: RowFactory, session: Session) -> SampleRow:
    version = await _version(factory, session)
    await versions.edit(session, factory.actor, {"id": version.id, "expiryDate": date(2098, 5, 1)})
    change = await _one(session, factory, VersionChange, col(VersionChange.version_id) == version.id)
    return SampleRow("version change live", change.id)


@_flushed
async def _attempt(factory: RowFactory, session: Session) -> SampleRow:
    return (await _credential(factory, session)).part("verification attempt live")


@_flushed
async def _waiting_attempt(factory: RowFactory, session: Session) -> SampleRow:
    """Create a check that a reviewer has to resolve."""
    row = await _credential(factory, session)
    key = row.part("verification attempt live").id
    attempt = await _one(session, factory, VerificationAttempt, col(VerificationAttempt.id) == key)
    credential = await _one(session, factory, Credential, col(Credential.id) == row.id)
    finding = Finding(Eligibility.REVIEW_REQUIRED, None)
    await check_results.apply_finding(session, credential, attempt, finding, "manual", None)
    return SampleRow("verification attempt waiting", key)


async def _one(session: Session, factory: RowFactory, table: type[RecordType], condition: Any) -> RecordType:
    await session.flush()
    own = col(table.organization_id) == factory.tenant.id
    return (await session.scalars(select(table).where(own, condition).limit(1))).one()


@_flushed
async def _key(factory: RowFactory, session: Session) -> SampleRow:
    name = f"{factory.new_token()} key"
    issued = await api_keys.create(session, factory.actor, {"name": name, "scopes": [Scope.WORKERS_READ]})
    return SampleRow("api key live", issued.api_key.id, {"name": name, "actor": issued.api_key.id})


@_flushed
async def _event(factory: RowFactory, session: Session) -> SampleRow:
    subject = await _unit(factory, session)
    event = await _one(session, factory, Event, col(Event.subject_id) == subject.id)
    return SampleRow("event live", event.id, {}, (subject,))


@_flushed
async def _organization(factory: RowFactory, _session: Session) -> SampleRow:
    return SampleRow("organization live", factory.tenant.id)


@_flushed
async def _position(factory: RowFactory, session: Session, label: str = "position live") -> SampleRow:
    token = factory.new_token()
    texts = {"name": f"{token} position", "externalId": f"{token}-id", "description": f"{token} description"}
    position = await positions.create(session, factory.actor, {**texts, "orgUnit": factory.unit})
    return SampleRow(label, position.id, texts)


@_flushed
async def _archived_position(factory: RowFactory, session: Session) -> SampleRow:
    row = await _position(factory, session, "position archived")
    await positions.archive(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _assignment(
    factory: RowFactory, session: Session, position: SampleRow | None = None, worker: SampleRow | None = None
) -> SampleRow:
    position, worker = position or await _position(factory, session), worker or await _worker(factory, session)
    content = {"position": position.id, "workers": [worker.id], "startsOn": date(2024, 5, 1)}
    [result] = (await assignments.assign(session, factory.actor, content)).results
    assert result.assignment is not None
    return SampleRow("assignment live", result.assignment.id, {}, (position, worker))


@_flushed
async def _rule(factory: RowFactory, session: Session, label: str = "requirement rule live", **more: Any) -> SampleRow:
    token = factory.new_token()
    texts = {name: f"{token} {name}" for name in ("name", "description", "requestMessage")}
    content = {"scope": RuleScope.ALL_WORKERS, "alternatives": [TYPE_CODE], "startsOn": FAR_FUTURE, **texts} | more
    rule = await rules.create(session, factory.actor, content)
    return SampleRow(label, rule.id, texts)


@_flushed
async def _deleted_rule(factory: RowFactory, session: Session) -> SampleRow:
    row = await _rule(factory, session, "requirement rule gone")
    await rules.delete(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _exemption(factory: RowFactory, session: Session, worker: SampleRow | None = None, **more: Any) -> SampleRow:
    worker = worker or await _worker(factory, session)
    reason = f"{factory.new_token()} reason"
    content = {"worker": {"id": worker.id}, "reason": reason, "requirement": more or {"credentialType": TYPE_CODE}}
    exemption = await exemptions.grant(session, factory.actor, content)
    return SampleRow("exemption live", exemption.id, {"reason": reason}, (worker,))


@_flushed
async def _request(
    factory: RowFactory, session: Session, label: str = "credential request live", worker: SampleRow | None = None
) -> SampleRow:
    worker = worker or await _worker(factory, session)
    token = factory.new_token()
    message, type_item = f"{token} message", {"credentialType": TYPE_CODE, "guidance": f"{token} guidance"}
    content = {"workers": [worker.id], "types": [type_item], "message": message}
    [result] = (await request_actions.create(session, factory.actor, content)).results
    assert result.request is not None
    credential = await _one(session, factory, Credential, col(Credential.id) == result.request.credential_id)
    await session.flush()
    requested = SampleRow("credential requested", credential.id)
    waiting = await _attachment(factory, session, "attachment waiting", requested)
    parts = (
        replace(requested, parts=(waiting,)),
        SampleRow("credential version requested", credential.latest_version_id),
        worker,
    )
    return SampleRow(label, result.request.id, {"message": message}, parts)


@_flushed
async def _closed_request(factory: RowFactory, session: Session) -> SampleRow:
    row = await _request(factory, session, "credential request closed")
    await request_actions.cancel(session, factory.actor, {"id": row.id})
    return row


@_flushed
async def _waiting_attachment(factory: RowFactory, session: Session) -> SampleRow:
    """Create a file that waits for its submission."""
    return (await _requested_credential(factory, session)).part("attachment waiting")


@_flushed
async def _requested_credential(factory: RowFactory, session: Session) -> SampleRow:
    return (await _request(factory, session)).part("credential requested")


@_flushed
async def _used_key(factory: RowFactory, session: Session) -> SampleRow:
    """Create an idempotency key that a call has used."""
    used = factory.new_token()
    await idempotency.claim(session, factory.tenant.id, factory.actor.id, used, ["anything", {}])
    return SampleRow("idempotency key", "", {"idempotencyKey": used})


ROW_BUILDERS: dict[str, Callable[[RowFactory, Session], Awaitable[SampleRow]]] = {
    "worker live": _worker,
    "worker gone": _deleted_worker,
    "applicant live": _applicant,
    "applicant gone": _deleted_applicant,
    "org unit live": _unit,
    "credential type live": _type,
    "credential type gone": _archived_type,
    "credential live": _credential,
    "credential gone": _deleted_credential,
    "credential archived": _archived_credential,
    "credential version live": _version,
    "attachment live": _attachment,
    "attachment expected": _expected_attachment,
    "attachment waiting": _waiting_attachment,
    "version change live": _version_change,
    "verification attempt live": _attempt,
    "verification attempt waiting": _waiting_attempt,
    "api key live": _key,
    "event live": _event,
    "position live": _position,
    "position archived": _archived_position,
    "assignment live": _assignment,
    "requirement rule live": _rule,
    "requirement rule gone": _deleted_rule,
    "exemption live": _exemption,
    "credential request live": _request,
    "credential request closed": _closed_request,
    "credential requested": _requested_credential,
    "organization live": _organization,
    "idempotency key": _used_key,
}
"""Label → builder of a row, for each noun and each state that a call may need."""


@dataclass(frozen=True)
class World:
    """An organization in which every edge leads to some row."""

    tenant: Tenant
    rows: tuple[SampleRow, ...]

    def first(self, label: str) -> SampleRow:
        """Return the row of a label that the most other rows refer to."""
        return next(row for row in self.rows if row.label == label)

    def one_per_label(self) -> list[SampleRow]:
        """Return one row of each label."""
        return list({row.label: row for row in reversed(self.rows)}.values())

    def one_per_noun(self) -> list[SampleRow]:
        """Return one row of each noun, in any state."""
        return list({row.noun: row for row in reversed(self.rows)}.values())


async def populate(tenant: Tenant, mark: str, *, unit: str | None = None) -> World:
    """Create rows of every label, connected by every edge of the graph."""
    factory = RowFactory(tenant, mark)
    key_id = f"key_{tenant.key[20:36]}"
    key = SampleRow("api key live", key_id, {"actor": key_id})
    visitor = await tenant.add_worker(factory.new_token())
    async with tenant.service.database.writing("worlds") as session:
        root = await _unit(factory, session, unit)
        middle = await _unit(factory, session, root.id)
        leaf = await _unit(factory, session, middle.id)
        manager = await _worker(factory, session, unit=middle.id)
        worker = await _worker(factory, session, unit=middle.id, manager=manager.id)
        report = await _worker(factory, session, unit=middle.id, manager=worker.id)
        factory.unit = leaf.id
        applicant = await _applicant(factory, session)
        used_type = await _type(factory, session)
        both = {"worker": worker, "applicant": applicant}
        await settings.update(session, tenant.actor, {"approvalsEnabled": True})
        await session.flush()
        reviewed = await _type(factory, session, reviewed=True)
        soon = session.now.date() + timedelta(days=14)
        credentials = [
            await _credential(factory, session, owners=both, code=used_type.texts["code"], until=soon),
            await _credential(factory, session, owners={"worker": worker}),
            await _credential(factory, session, owners=both, code=reviewed.texts["code"]),
        ]
        files = [await _attachment(factory, session, credential=credential) for credential in credentials]
        position = await _position(factory, session)
        scopes: list[dict[str, Any]] = [
            {"scope": RuleScope.POSITION, "position": position.id, "excluded": [report.id, leaf.id]},
            {"scope": RuleScope.ORG_UNIT, "orgUnit": leaf.id},
            {"scope": RuleScope.WORKER, "worker": worker.id},
        ]
        rule_rows = [await _rule(factory, session, **scope) for scope in scopes]
        assignment = await _assignment(factory, session, position, worker)
        request = await _request(factory, session, worker=worker)
        required_type = await _type(factory, session)
        current: dict[str, Any] = {"alternatives": [required_type.texts["code"]], "startsOn": date(2024, 1, 1)}
        rule_rows.append(await _rule(factory, session, scope=RuleScope.WORKER, worker=worker.id, **current))
        exemption_rows = [
            await _exemption(factory, session, worker, rule=rule_rows[0].id),
            await _exemption(factory, session, worker, credentialType=used_type.texts["code"]),
        ]
        main = [middle, worker, applicant, used_type, *credentials, *files, key]
        main += [required_type, position, *rule_rows, assignment, request, *exemption_rows]
        rest = [await build(factory, session) for build in ROW_BUILDERS.values()]
        rest += [await build(factory, session) for build in (_worker, _applicant) for _ in range(SPARE_PEOPLE)]
    rest += [root, leaf, manager, report, SampleRow("worker live", visitor)]
    return World(tenant, tuple(_flat([*main, *rest])))


def _flat(rows: Iterable[SampleRow]) -> list[SampleRow]:
    flat: dict[tuple[str, str], SampleRow] = {}
    for row in rows:
        for part in (row, *_flat(row.parts)):
            flat.setdefault((part.label, part.id), part)
    return list(flat.values())


def node_id(entry: FieldEntry, world: World) -> str | None:
    """Return the id of the node to call a field on; None for a field of a root."""
    if entry.parent in ("Query", "Mutation"):
        return None
    return next(row.id for row in world.rows if row.label.replace(" ", "") == f"{entry.parent.lower()}live")
