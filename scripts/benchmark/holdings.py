"""The credentials that the measured workers hold, their versions, and the events that tell of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.access import ActorKind
from app.core.text import fold
from app.credential_types.tables import CredentialType
from app.credentials.tables import NEVER, Approval, Credential, CredentialVersion, Intake, VerificationStatus
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.registries.protocol import Eligibility, StatusDetail
from scripts.benchmark.people import Draw, Row

CREDENTIALS, PENDING = 60_000, 8_000
CHAINS = (1, 2, 2, 3)
"""How many versions each four credentials have."""
VERSIONS = CREDENTIALS * sum(CHAINS) // len(CHAINS)
TYPES = (
    "WWCC_NSW", "WWCC_VIC", "BLUE_CARD_QLD", "TEACHER_NSW", "AHPRA_REGISTRATION", "NDIS_WORKER_SCREENING",
    "NATIONAL_POLICE_CHECK", "DRIVERS_LICENCE", "FIRST_AID", "CPR", "WHITE_CARD", "HIGH_RISK_WORK", "PASSPORT",
    "MANUAL_HANDLING", "INFECTION_CONTROL", "CHILD_PROTECTION", "ANAPHYLAXIS", "WORKING_AT_HEIGHTS",
    "CERT_III_INDIVIDUAL_SUPPORT", "STATUTORY_DECLARATION",
)  # fmt: skip
RECORDER = ("importer", "Importer")

_STANDINGS = (
    *[(VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE, StatusDetail.VALID)] * 16,
    (VerificationStatus.EXPIRED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.EXPIRED),
    (VerificationStatus.SUSPENDED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.SUSPENDED),
    (VerificationStatus.REVOKED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.CANCELLED),
)


@dataclass
class Held:
    """The rows of some credentials."""

    credentials: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


def draw_all(draw: Draw, kinds: dict[str, CredentialType], workers: list[Row]) -> Held:
    """All credentials with their versions and events; every so many waits for a decision."""
    held = Held()
    owners = draw.random.choices(workers, k=CREDENTIALS)
    waiting = set(draw.random.sample(range(CREDENTIALS), PENDING))
    held.events += [_event(draw, EventKind.WORKER_CREATED, worker, worker["id"]) for worker in workers]
    for number, owner in enumerate(owners):
        kind = kinds[draw.random.choice(TYPES)]
        count = CHAINS[number % len(CHAINS)]
        _hold(draw, held, owner, kind, count, number in waiting)
    return held


def _hold(draw: Draw, held: Held, owner: Row, kind: CredentialType, count: int, waits: bool) -> None:
    credential = _credential(draw, owner, kind)
    versions = list(_versions(draw, credential, kind, count, waits))
    latest = versions[-1]
    effective = next((row for row in reversed(versions) if row["approval"] is Approval.APPROVED), None)
    counts = effective or latest
    facts = {name: latest[name] for name in ("reference_number", "issuing_authority", "issue_date", "expiry_date")}
    credential |= facts | {
        "latest_version_id": latest["id"],
        "latest_version_at": latest["created_at"],
        "latest_approval": latest["approval"],
        "effective_version_id": effective["id"] if effective else None,
        "valid_from": counts["issue_date"],
        "expires_on": counts["expiry_date"] or NEVER,
        "revision": count,
        "created_at": versions[0]["created_at"],
        "last_updated": latest["created_at"],
        "search_text": "\n".join(map(fold, (credential["display_name"], latest["reference_number"], kind.code))),
    }
    if waits:
        credential |= {"status": VerificationStatus.PENDING, "eligibility": None, "status_detail": None}
    held.credentials.append(credential)
    held.versions += versions
    held.events += [
        _event(
            draw,
            EventKind.CREDENTIAL_VERSION_ADDED if index else EventKind.CREDENTIAL_ADDED,
            credential | {"created_at": version["created_at"]},
            owner["id"],
            {"number": {"from": index, "to": index + 1}} if index else {},
        )
        for index, version in enumerate(versions)
    ]


def _credential(draw: Draw, owner: Row, kind: CredentialType) -> Row:
    status, eligibility, detail = draw.random.choice(_STANDINGS)
    return {
        "organization_id": owner["organization_id"],
        "id": draw.id(Credential.prefix),
        "display_name": kind.name,
        "display_name_key": fold(kind.name),
        "credential_type_id": kind.id,
        "type_code": kind.code,
        "category": kind.category,
        "jurisdiction": kind.jurisdiction,
        "worker_id": owner["id"],
        "intake": Intake.DIRECT,
        "status": status,
        "is_verifiable": kind.verification_source is not None,
        "eligibility": eligibility,
        "status_detail": detail,
        "last_verified_at": draw.instant(draw.days_ago(1, 300)) if kind.verification_source else None,
        # Due on no day that is measured: the service on SQLite would ask its registries.
        "next_check_at": draw.instant(draw.today + timedelta(days=draw.random.randint(2, 7)))
        if kind.verification_source
        else None,
    }


def _versions(draw: Draw, credential: Row, kind: CredentialType, count: int, waits: bool) -> Iterator[Row]:
    months = kind.default_validity_months
    term = timedelta(days=30 * (months or 24))
    recorded = draw.days_ago(600, 900)
    for number in range(1, count + 1):
        issued = recorded - timedelta(days=draw.random.randint(0, 20))
        yield {
            "organization_id": credential["organization_id"],
            "id": draw.id(CredentialVersion.prefix),
            "credential_id": credential["id"],
            "credential_type_id": kind.id,
            "number": number,
            "reference_number": f"{kind.code[:3]}{draw.random.randrange(10**7):07}",
            "issuing_authority": kind.issuing_authority,
            "issue_date": issued,
            "expiry_date": issued + term + timedelta(days=draw.random.randint(0, 400)) if months else None,
            "approval": Approval.PENDING if waits and number == count else Approval.APPROVED,
            "created_by": RECORDER[0],
            "created_at": draw.instant(recorded),
        }
        recorded += timedelta(days=draw.random.randint(60, 290))


def _event(draw: Draw, kind: EventKind, subject: Row, worker_id: str, changes: dict[str, Any] | None = None) -> Row:
    return {
        "organization_id": subject["organization_id"],
        "id": draw.id(Event.prefix),
        "kind": kind,
        "subject_id": subject["id"],
        "worker_id": worker_id,
        "actor_kind": ActorKind.SERVICE,
        "actor_id": RECORDER[0],
        "actor_name": RECORDER[1],
        "changes": changes or {},
        "occurred_at": subject["created_at"],
        "request_id": "import",
    }
