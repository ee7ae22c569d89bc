"""Verification facts that a caller states about a credential that a registry verifies.

They need `CREDENTIALS_VERIFY`, and are recorded as an attempt of their own. They never pass for an answer of the
registry: the time of the last check, the schedule and the reuse of recent findings do not take them into account.
"""

import secrets
from collections.abc import Iterable

from app.access import Actor, Scope
from app.core import ids
from app.core.errors import NotPermitted
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential, VerificationStatus
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome, VerificationTrigger
from app.db.session import Session

SOURCE = "reported"
"""The source of a reported attempt, in place of a registry's name."""
PATHS = ("verification.status", "verification.eligibility", "verification.verifiable")
"""The verification facts that an input can state."""


def stated_at_creation(credential: Credential) -> list[str]:
    """Return the paths of the facts that differ from those of a credential that waits for its first check."""
    facts = (
        credential.status is not VerificationStatus.PENDING,
        credential.eligibility is not None,
        not credential.is_verifiable,
    )
    return [path for path, is_stated in zip(PATHS, facts, strict=True) if is_stated]


def record(
    session: Session, actor: Actor, credential: Credential, credential_type: CredentialType, stated: Iterable[str]
) -> None:
    """Record stated facts of a credential as an attempt, if a registry verifies its type.

    `stated` are paths of the input. Raises NotPermitted if the actor may not state them.
    """
    paths = [path for path in PATHS if path in stated]
    if not paths or credential_type.verification_source is None:
        return
    if Scope.CREDENTIALS_VERIFY not in actor.scopes:
        [path, *_] = paths
        message = f"{path}: {credential_type.verification_source} verifies {credential_type.code}; to state its finding"
        raise NotPermitted(f"{message} yourself needs the scope {Scope.CREDENTIALS_VERIFY}", tuple(path.split(".")))
    session.add(
        VerificationAttempt(
            organization_id=credential.organization_id,
            id=ids.new(VerificationAttempt.prefix),
            credential_id=credential.id,
            source=SOURCE,
            trigger=VerificationTrigger.REPORTED,
            outcome=VerificationOutcome.COMPLETED,
            correlation_id=secrets.token_hex(16),
            requested_by=actor.id,
            requested_by_name=actor.name,
            requested_by_kind=actor.kind,
            requested_at=session.now,
            finished_at=session.now,
            request_id=session.request_id,
            reported_status=credential.status,
            eligibility=credential.eligibility,
        )
    )
