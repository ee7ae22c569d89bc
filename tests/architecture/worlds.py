"""Organizations with rows of every kind, made by the domain's own actions, for tests that walk the whole graph."""

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
from app.credential_types.tables import Category
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
from app.organizations.tables import OrgUnitKind
from app.registries.findings import Eligibility, Finding
from app.workers import assignments, deletion, editing, people, positions
from tests.architecture.shapes import Entry
from tests.service import STARTER_TYPES, Tenant

Found = TypeVar("Found", bound=Record)

TYPE, CATEGORY = "WWCC_WA", Category.SCREENING
"""A type of the starter catalogue that takes any reference number."""
STOCKED = STARTER_TYPES | {TYPE}
"""The types that these organizations have."""

FAR = date(2199, 1, 1)
"""A day on which a rule begins that is to ask nobody for anything."""

SPARE = 6
"""People beyond those that the edges need."""

TOKEN = re.compile(r"zq[a-z]+\d{6}", re.IGNORECASE)
"""What every text of a made row holds, so that it is recognised wherever it shows up."""


_numbers = itertools.count(1)


@dataclass(frozen=True)
class Row:
    """A record that was made: its id, and the texts that name or describe it, by the inputs' names for them."""

    label: str
    """Its kind and its state, `org unit live`."""
    id: str
    texts: Mapping[str, str] = field(default_factory=dict)
    parts: tuple["Row", ...] = ()
    """Rows that came with it, such as a credential's version."""

    @property
    def kind(self) -> str:
        """What kind of record it is, `org unit`."""
        return self.label.rpartition(" ")[0]

    def part(self, label: str) -> "Row":
        """The row of a label that came with it."""
        return next(row for row in self.parts if row.label == label)

    def unknown(self, maker: "Maker") -> "Row":
        """What a row of the same kind would be called that does not exist."""
        token = maker.token()
        new_id = ids.new(self.id.partition("_")[0]) if self.id else ""
        texts = {
            name: new_id if text == self.id else TOKEN.sub(_cased(token), text) for name, text in self.texts.items()
        }
        return Row(self.label, new_id, texts)


def _cased(token: str) -> Callable[[re.Match[str]], str]:
    return lambda match: token.upper() if match[0].isupper() else token


@dataclass
class Maker:
    """Makes rows of one organization; their texts share a mark."""

    tenant: Tenant
    mark: str
    unit: str | None = None
    """The unit that workers and units are put into."""
    manager: str | None = None
    """The manager that workers are given."""

    def token(self) -> str:
        """A text that nothing else holds."""
        return f"zq{self.mark}{next(_numbers):06}"

    async def rows(self, labels: Iterable[str]) -> list[Row]:
        """New rows of some labels, made in one transaction."""
        async with self.tenant.service.database.writing("made") as session:
            return [await MAKERS[label](self, session) for label in labels]

    @property
    def actor(self) -> Actor:
        """Who makes them."""
        return self.tenant.actor


def _flushed(make: Callable[..., Awaitable[Row]]) -> Callable[..., Awaitable[Row]]:
    """Write what a maker adds, for the next action of the session does not see rows that are not written."""

    @wraps(make)
    async def make_and_flush(maker: Maker, session: Session, *arguments: Any, **options: Any) -> Row:
        row = await make(maker, session, *arguments, **options)
        await session.flush()
        return row

    return make_and_flush


@_flushed
async def _worker(maker: Maker, session: Session, label: str = "worker live", **more: Any) -> Row:
    token = maker.token()
    employment = {name: f"{token} {name}" for name in ("jobTitle", "team", "department", "jobFamily")}
    content = {
        **_person(token),
        "employment": {**employment, "orgUnit": more.get("unit", maker.unit)},
        "address": {"country": f"{token} country", "stateOrProvince": f"{token} state", "zipCode": token},
        "manager": {
            "id": more.get("manager", maker.manager),
            "lastName": f"{token} boss",
            "externalId": f"{token}-boss",
        },
        "profile": {"photoUrl": f"https://example.org/{token}.jpg", "bio": f"{token} bio"},
    }
    worker = await editing.create(people.WORKER, session, maker.actor, content)
    return Row(label, worker.id, {**_names(content), **employment, "search": token})


@_flushed
async def _applicant(maker: Maker, session: Session, label: str = "applicant live") -> Row:
    token = maker.token()
    content = _person(token)
    applicant = await editing.create(people.APPLICANT, session, maker.actor, content)
    return Row(label, applicant.id, {**_names(content), "search": token})


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
async def _deleted_worker(maker: Maker, session: Session) -> Row:
    row = await _worker(maker, session, "worker gone")
    await deletion.delete(people.WORKER, session, maker.actor, {"worker": {"id": row.id}})
    return row


@_flushed
async def _deleted_applicant(maker: Maker, session: Session) -> Row:
    row = await _applicant(maker, session, "applicant gone")
    await deletion.delete(people.APPLICANT, session, maker.actor, {"applicant": {"id": row.id}})
    return row


@_flushed
async def _unit(maker: Maker, session: Session, parent: str | None = None) -> Row:
    name = f"{maker.token()} unit"
    given = {"name": name, "kind": OrgUnitKind.TEAM, "parent": parent or maker.unit}
    unit = await units.create(session, maker.actor, given)
    return Row("org unit live", unit.id, {"name": name})


@_flushed
async def _type(maker: Maker, session: Session, label: str = "credential type live", *, reviewed: bool = False) -> Row:
    token = maker.token()
    names = ("name", "jurisdiction", "issuingAuthority", "instructions", "verificationSource")
    texts = {name: f"{token} {name}" for name in names} | {"code": token.upper(), "search": token}
    kind = await types.create(session, maker.actor, {**texts, "category": CATEGORY, "approvalRequired": reviewed})
    return Row(
        label, kind.id, texts | {"credentialType": texts["code"], "type": texts["code"], "alternatives": texts["code"]}
    )


@_flushed
async def _archived_type(maker: Maker, session: Session) -> Row:
    row = await _type(maker, session, "credential type gone")
    await types.archive(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _credential(
    maker: Maker,
    session: Session,
    label: str = "credential live",
    *,
    owners: dict[str, Row] | None = None,
    code: str = TYPE,
    until: date = date(2099, 5, 1),
) -> Row:
    owners = owners or {"worker": await _worker(maker, session)}
    token = maker.token()
    names = {"displayName": f"{token} credential", "referenceNumber": f"{token}-number"}
    issuing = {"jurisdiction": f"{token} place", "issuingAuthority": f"{token} authority"}
    days = {"issueDate": date(2024, 5, 1), "expiryDate": until}
    given = {
        "identification": {**names, "credentialType": code, "category": CATEGORY},
        "issuing": {**issuing, **days},
        "verification": {"status": VerificationStatus.ACTIVE},
        "owners": {slot: {"id": row.id} for slot, row in owners.items()},
    }
    created = await creation.create(session, maker.actor, given)
    parts = [Row("credential version live", created.credential.latest_version_id), *owners.values()]
    if created.attempt is not None:
        parts.append(Row("verification attempt live", created.attempt.id, {"source": created.attempt.source}))
    texts = {**names, **issuing, "type": code, "search": token}
    return Row(label, created.credential.id, texts, tuple(parts))


@_flushed
async def _deleted_credential(maker: Maker, session: Session) -> Row:
    row = await _credential(maker, session, "credential gone")
    await lifecycle.delete(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _archived_credential(maker: Maker, session: Session) -> Row:
    row = await _credential(maker, session, "credential archived")
    await lifecycle.archive(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _attachment(
    maker: Maker, session: Session, label: str = "attachment live", credential: Row | None = None
) -> Row:
    """A file, whose bytes nobody looks for."""
    expected = await _expected_attachment(maker, session, credential)
    removal = removals.schedule(session, maker.tenant.id, maker.token(), session.now)
    await session.flush()
    received = ReceivedFile(removal.storage_key, 1, "0" * 64, "image/png")
    await attachments.attach(session, maker.actor, expected.id, received, removal)
    return Row(label, expected.id, expected.texts)


@_flushed
async def _expected_attachment(maker: Maker, session: Session, credential: Row | None = None) -> Row:
    credential = credential or await _credential(maker, session)
    name = f"{maker.token()}.png"
    given = {"credential": credential.id, "side": AttachmentSide.OTHER, "fileName": name}
    attachment = (await attachments.expect(session, maker.actor, given)).attachment
    assert attachment is not None
    return Row("attachment expected", attachment.id, {"fileName": name})


@_flushed
async def _version(maker: Maker, session: Session) -> Row:
    return (await _credential(maker, session)).part("credential version live")


@_flushed
async def _version_change(maker: Maker, session: Session) -> Row:
    version = await _version(maker, session)
    await versions.edit(session, maker.actor, {"id": version.id, "expiryDate": date(2098, 5, 1)})
    change = await _one(session, maker, VersionChange, col(VersionChange.version_id) == version.id)
    return Row("version change live", change.id)


@_flushed
async def _attempt(maker: Maker, session: Session) -> Row:
    return (await _credential(maker, session)).part("verification attempt live")


@_flushed
async def _waiting_attempt(maker: Maker, session: Session) -> Row:
    """A check that a person has to settle."""
    row = await _credential(maker, session)
    key = row.part("verification attempt live").id
    attempt = await _one(session, maker, VerificationAttempt, col(VerificationAttempt.id) == key)
    credential = await _one(session, maker, Credential, col(Credential.id) == row.id)
    finding = Finding(Eligibility.REVIEW_REQUIRED, None)
    await check_results.apply_finding(session, credential, attempt, finding, "manual", None)
    return Row("verification attempt waiting", key)


async def _one(session: Session, maker: Maker, table: type[Found], condition: Any) -> Found:
    await session.flush()
    mine = col(table.organization_id) == maker.tenant.id
    return (await session.scalars(select(table).where(mine, condition).limit(1))).one()


@_flushed
async def _key(maker: Maker, session: Session) -> Row:
    name = f"{maker.token()} key"
    issued = await api_keys.create(session, maker.actor, {"name": name, "scopes": [Scope.WORKERS_READ]})
    return Row("api key live", issued.api_key.id, {"name": name, "actor": issued.api_key.id})


@_flushed
async def _event(maker: Maker, session: Session) -> Row:
    subject = await _unit(maker, session)
    event = await _one(session, maker, Event, col(Event.subject_id) == subject.id)
    return Row("event live", event.id, {}, (subject,))


@_flushed
async def _organization(maker: Maker, _session: Session) -> Row:
    return Row("organization live", maker.tenant.id)


@_flushed
async def _position(maker: Maker, session: Session, label: str = "position live") -> Row:
    token = maker.token()
    texts = {"name": f"{token} position", "externalId": f"{token}-id", "description": f"{token} description"}
    position = await positions.create(session, maker.actor, {**texts, "orgUnit": maker.unit})
    return Row(label, position.id, texts)


@_flushed
async def _archived_position(maker: Maker, session: Session) -> Row:
    row = await _position(maker, session, "position archived")
    await positions.archive(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _assignment(maker: Maker, session: Session, position: Row | None = None, worker: Row | None = None) -> Row:
    position, worker = position or await _position(maker, session), worker or await _worker(maker, session)
    given = {"position": position.id, "workers": [worker.id], "from": date(2024, 5, 1)}
    [result] = (await assignments.assign(session, maker.actor, given)).results
    assert result.assignment is not None
    return Row("assignment live", result.assignment.id, {}, (position, worker))


@_flushed
async def _rule(maker: Maker, session: Session, label: str = "requirement rule live", **more: Any) -> Row:
    token = maker.token()
    texts = {name: f"{token} {name}" for name in ("name", "description", "requestMessage")}
    given = {"scope": RuleScope.ALL_WORKERS, "alternatives": [TYPE], "effectiveFrom": FAR, **texts} | more
    rule = await rules.create(session, maker.actor, given)
    return Row(label, rule.id, texts)


@_flushed
async def _deleted_rule(maker: Maker, session: Session) -> Row:
    row = await _rule(maker, session, "requirement rule gone")
    await rules.delete(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _exemption(maker: Maker, session: Session, worker: Row | None = None, **more: Any) -> Row:
    worker = worker or await _worker(maker, session)
    reason = f"{maker.token()} reason"
    given = {"worker": {"id": worker.id}, "reason": reason, "requirement": more or {"credentialType": TYPE}}
    exemption = await exemptions.grant(session, maker.actor, given)
    return Row("exemption live", exemption.id, {"reason": reason}, (worker,))


@_flushed
async def _request(
    maker: Maker, session: Session, label: str = "credential request live", worker: Row | None = None
) -> Row:
    worker = worker or await _worker(maker, session)
    token = maker.token()
    message, kind = f"{token} message", {"credentialType": TYPE, "guidance": f"{token} guidance"}
    given = {"workers": [worker.id], "types": [kind], "message": message}
    [result] = (await request_actions.create(session, maker.actor, given)).results
    assert result.request is not None
    credential = await _one(session, maker, Credential, col(Credential.id) == result.request.credential_id)
    await session.flush()
    asked = Row("credential requested", credential.id)
    waiting = await _attachment(maker, session, "attachment waiting", asked)
    parts = (
        replace(asked, parts=(waiting,)),
        Row("credential version requested", credential.latest_version_id),
        worker,
    )
    return Row(label, result.request.id, {"message": message}, parts)


@_flushed
async def _closed_request(maker: Maker, session: Session) -> Row:
    row = await _request(maker, session, "credential request closed")
    await request_actions.cancel(session, maker.actor, {"id": row.id})
    return row


@_flushed
async def _waiting_attachment(maker: Maker, session: Session) -> Row:
    """A file that waits to be handed in."""
    return (await _requested_credential(maker, session)).part("attachment waiting")


@_flushed
async def _requested_credential(maker: Maker, session: Session) -> Row:
    return (await _request(maker, session)).part("credential requested")


@_flushed
async def _used_key(maker: Maker, session: Session) -> Row:
    """A key for idempotency that a call has used."""
    used = maker.token()
    await idempotency.claim(session, maker.tenant.id, maker.actor.id, used, ["anything", {}])
    return Row("idempotency key", "", {"idempotencyKey": used})


MAKERS: dict[str, Callable[[Maker, Session], Awaitable[Row]]] = {
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
"""How to make a row of each kind, in each state that a call may want it in."""


@dataclass(frozen=True)
class World:
    """An organization in which every edge leads somewhere."""

    tenant: Tenant
    rows: tuple[Row, ...]

    def first(self, label: str) -> Row:
        """The row of a label that has the most around it."""
        return next(row for row in self.rows if row.label == label)

    def one_of_each(self) -> list[Row]:
        """One row of each label."""
        return list({row.label: row for row in reversed(self.rows)}.values())

    def one_of_each_kind(self) -> list[Row]:
        """One row of each kind, whatever its state."""
        return list({row.kind: row for row in reversed(self.rows)}.values())


async def populate(tenant: Tenant, mark: str, *, unit: str | None = None) -> World:
    """Make rows of every kind, connected in every way that the graph knows."""
    maker = Maker(tenant, mark)
    key_id = f"key_{tenant.key[20:36]}"
    key = Row("api key live", key_id, {"actor": key_id})
    visitor = await tenant.add_worker(maker.token())
    async with tenant.service.database.writing("made") as session:
        root = await _unit(maker, session, unit)
        middle = await _unit(maker, session, root.id)
        leaf = await _unit(maker, session, middle.id)
        manager = await _worker(maker, session, unit=middle.id)
        worker = await _worker(maker, session, unit=middle.id, manager=manager.id)
        report = await _worker(maker, session, unit=middle.id, manager=worker.id)
        maker.unit = leaf.id
        applicant = await _applicant(maker, session)
        kind = await _type(maker, session)
        both = {"worker": worker, "applicant": applicant}
        await settings.update(session, tenant.actor, {"approvalsEnabled": True})
        await session.flush()
        reviewed = await _type(maker, session, reviewed=True)
        soon = session.now.date() + timedelta(days=14)
        credentials = [
            await _credential(maker, session, owners=both, code=kind.texts["code"], until=soon),
            await _credential(maker, session, owners={"worker": worker}),
            await _credential(maker, session, owners=both, code=reviewed.texts["code"]),
        ]
        shown = [await _attachment(maker, session, credential=credential) for credential in credentials]
        position = await _position(maker, session)
        scopes: list[dict[str, Any]] = [
            {"scope": RuleScope.POSITION, "position": position.id, "excluded": [report.id, leaf.id]},
            {"scope": RuleScope.ORG_UNIT, "orgUnit": leaf.id},
            {"scope": RuleScope.WORKER, "worker": worker.id},
        ]
        asked = [await _rule(maker, session, **scope) for scope in scopes]
        held = await _assignment(maker, session, position, worker)
        request = await _request(maker, session, worker=worker)
        wanted = await _type(maker, session)
        now: dict[str, Any] = {"alternatives": [wanted.texts["code"]], "effectiveFrom": date(2024, 1, 1)}
        asked.append(await _rule(maker, session, scope=RuleScope.WORKER, worker=worker.id, **now))
        released = [
            await _exemption(maker, session, worker, rule=asked[0].id),
            await _exemption(maker, session, worker, credentialType=kind.texts["code"]),
        ]
        main = [middle, worker, applicant, kind, *credentials, *shown, key]
        main += [wanted, position, *asked, held, request, *released]
        rest = [await make(maker, session) for make in MAKERS.values()]
        rest += [await make(maker, session) for make in (_worker, _applicant) for _ in range(SPARE)]
    rest += [root, leaf, manager, report, Row("worker live", visitor)]
    return World(tenant, tuple(_flat([*main, *rest])))


def _flat(rows: Iterable[Row]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        for each in (row, *_flat(row.parts)):
            found.setdefault((each.label, each.id), each)
    return list(found.values())


def entry_node(entry: Entry, world: World) -> str | None:
    """The row on which a field below the roots is asked; none for a root's."""
    if entry.parent in ("Query", "Mutation"):
        return None
    return next(row.id for row in world.rows if row.label.replace(" ", "") == f"{entry.parent.lower()}live")
