"""The credentials of the measured workers, with their versions and events, generated from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from app.access import ActorKind
from app.core.text import fold
from app.credential_types.tables import CredentialMetadata, CredentialType
from app.credentials import effective_version
from app.credentials.tables import (
    NEVER,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    VerificationStatus,
)
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.registries.findings import Eligibility, StatusDetail
from app.workers.fields import owner_text
from scripts.benchmark.people import Generator, Row

CREDENTIALS, PENDING = 60_000, 8_000
VERSION_COUNTS = (1, 2, 2, 3)
"""The numbers of versions of every four credentials."""
VERSIONS = CREDENTIALS * sum(VERSION_COUNTS) // len(VERSION_COUNTS)
TYPES = (
    "WWCC_NSW", "WWCC_VIC", "BLUE_CARD_QLD", "TEACHER_NSW", "AHPRA_REGISTRATION", "NDIS_WORKER_SCREENING",
    "NATIONAL_POLICE_CHECK", "DRIVERS_LICENCE", "FIRST_AID", "CPR", "WHITE_CARD", "HIGH_RISK_WORK", "PASSPORT",
    "MANUAL_HANDLING", "INFECTION_CONTROL", "CHILD_PROTECTION", "ANAPHYLAXIS", "WORKING_AT_HEIGHTS",
    "CERT_III_INDIVIDUAL_SUPPORT", "STATUTORY_DECLARATION",
)  # fmt: skip
RECORDER = ("importer", "Importer")

_VERIFICATION_STATES = (
    *[(VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE, StatusDetail.VALID)] * 16,
    (VerificationStatus.EXPIRED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.EXPIRED),
    (VerificationStatus.SUSPENDED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.SUSPENDED),
    (VerificationStatus.REVOKED, Eligibility.MAY_NOT_ENGAGE, StatusDetail.CANCELLED),
)


@dataclass
class Holdings:
    """The rows of generated credentials."""

    credentials: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


FILES = {CredentialMetadata.FRONT_ATTACHMENT.value, CredentialMetadata.BACK_ATTACHMENT.value}


def draw_holdings(generator: Generator, types: dict[str, CredentialType], workers: list[Row]) -> Holdings:
    """Return all credentials with their versions and events; `PENDING` of them wait for a decision."""
    drawn = Holdings()
    owners = generator.random.choices(workers, k=CREDENTIALS)
    pending = set(generator.random.sample(range(CREDENTIALS), PENDING))
    drawn.events += [_event(generator, EventKind.WORKER_CREATED, worker, worker["id"]) for worker in workers]
    # A version without the files that its type requires cannot be approved, and none has files here.
    approvable = [code for code in TYPES if FILES.isdisjoint(types[code].requires)]
    for number, owner in enumerate(owners):
        credential_type = types[generator.random.choice(approvable if number in pending else TYPES)]
        count = VERSION_COUNTS[number % len(VERSION_COUNTS)]
        _add_credential(generator, drawn, owner, credential_type, count, number in pending)
    return drawn


def _add_credential(
    generator: Generator, drawn: Holdings, owner: Row, credential_type: CredentialType, count: int, is_pending: bool
) -> None:
    credential = _credential(generator, owner, credential_type)
    versions = list(_versions(generator, credential, credential_type, count, is_pending))
    latest = versions[-1]
    rows: Any = [SimpleNamespace(**version) for version in versions]
    periods = effective_version.of_versions(rows)
    decided = [period for period in periods if period.decided]
    in_force = effective_version.in_force(decided, generator.today)
    takeover = effective_version.next_takeover(decided, generator.today)
    facts = {name: latest[name] for name in ("reference_number", "issuing_authority", "issue_date", "expiry_date")}
    credential |= facts | {
        "latest_version_id": latest["id"],
        "latest_version_at": latest["created_at"],
        "latest_approval": latest["approval"],
        "effective_version_id": in_force.version_id if in_force else None,
        "valid_from": in_force.first if in_force else latest["issue_date"],
        "expires_on": in_force.last if in_force else latest["expiry_date"] or NEVER,
        "periods": effective_version.to_document(periods),
        "next_takeover_on": None if takeover == NEVER else takeover,
        "revision": count,
        "created_at": versions[0]["created_at"],
        "updated_at": latest["created_at"],
        "search_text": "\n".join(
            map(fold, (credential["display_name"], latest["reference_number"], credential_type.code))
        ),
    }
    if is_pending:
        credential |= {"status": VerificationStatus.PENDING, "eligibility": None, "status_detail": None}
    drawn.credentials.append(credential)
    drawn.versions += versions
    drawn.events += [
        _event(
            generator,
            EventKind.CREDENTIAL_VERSION_ADDED if index else EventKind.CREDENTIAL_ADDED,
            credential | {"created_at": version["created_at"]},
            owner["id"],
            {"number": {"from": index, "to": index + 1}} if index else {},
        )
        for index, version in enumerate(versions)
    ]


def _credential(generator: Generator, owner: Row, credential_type: CredentialType) -> Row:
    status, eligibility, detail = generator.random.choice(_VERIFICATION_STATES)
    return {
        "organization_id": owner["organization_id"],
        "id": generator.id(Credential.prefix),
        "display_name": credential_type.name,
        "display_name_key": fold(credential_type.name),
        "credential_type_id": credential_type.id,
        "type_code": credential_type.code,
        "category": credential_type.category,
        "jurisdiction": credential_type.jurisdiction,
        "worker_id": owner["id"],
        "worker_text": owner_text(SimpleNamespace(**owner)),
        "intake": IntakeStatus.DIRECT,
        "status": status,
        "is_verifiable": credential_type.verification_source is not None,
        "eligibility": eligibility,
        "status_detail": detail,
        "last_verified_at": generator.instant(generator.days_ago(1, 300))
        if credential_type.verification_source
        else None,
        # Not due on the day of the measurement: the service on SQLite would start to verify it.
        "next_check_at": generator.instant(generator.today + timedelta(days=generator.random.randint(2, 7)))
        if credential_type.verification_source
        else None,
    }


def _versions(
    generator: Generator, credential: Row, credential_type: CredentialType, count: int, is_pending: bool
) -> Iterator[Row]:
    months = credential_type.default_validity_months
    validity = timedelta(days=30 * (months or 24))
    recorded = generator.days_ago(600, 900)
    for number in range(1, count + 1):
        issued = recorded - timedelta(days=generator.random.randint(0, 20))
        yield {
            "organization_id": credential["organization_id"],
            "id": generator.id(CredentialVersion.prefix),
            "credential_id": credential["id"],
            "credential_type_id": credential_type.id,
            "number": number,
            "reference_number": f"{credential_type.code[:3]}{generator.random.randrange(10**7):07}",
            "issuing_authority": credential_type.issuing_authority,
            "issue_date": issued,
            "expiry_date": issued + validity + timedelta(days=generator.random.randint(0, 400)) if months else None,
            "approval": ApprovalStatus.PENDING if is_pending and number == count else ApprovalStatus.APPROVED,
            "created_by": RECORDER[0],
            "created_at": generator.instant(recorded),
        }
        recorded += timedelta(days=generator.random.randint(60, 290))


def _event(
    generator: Generator, kind: EventKind, subject: Row, worker_id: str, changes: dict[str, Any] | None = None
) -> Row:
    return {
        "organization_id": subject["organization_id"],
        "id": generator.id(Event.prefix),
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
