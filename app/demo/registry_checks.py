"""Verification attempts of the demo's credentials, recorded as if a registry had answered."""

from datetime import timedelta
from random import Random

from app.credentials.tables import Credential
from app.credentials.verification import check_results
from app.credentials.verification.tables import VerificationAttempt
from app.db.session import Session
from app.demo import holdings
from app.demo.holdings import VerificationState
from app.registries.findings import Finding, StatusDetail

ADAPTER = "sandbox"
REGISTRY_ANSWERS: dict[VerificationState, tuple[StatusDetail | None, str]] = {
    holdings.PENDING: (None, "PROCESSING"),
    holdings.CHECKING: (None, "PROCESSING"),
    holdings.CLEARED: (StatusDetail.VALID, "CLEARED"),
    holdings.CONDITIONAL: (StatusDetail.CONDITIONS, "CONDITIONAL"),
    holdings.LAPSED: (StatusDetail.EXPIRED, "LAPSED"),
    holdings.SUSPENDED: (StatusDetail.SUSPENDED, "SUSPENDED"),
    holdings.REVOKED: (StatusDetail.CANCELLED, "CANCELLED"),
}


async def record_check(
    session: Session, credential: Credential, attempt: VerificationAttempt, state: VerificationState
) -> None:
    """Record the finding of an attempt that puts a credential in a verification state."""
    status_detail, raw_status = REGISTRY_ANSWERS[state]
    eligibility = state[1] or holdings.CHECKING[1]
    assert eligibility is not None
    problems = ["The registry names conditions."] if state == holdings.CONDITIONAL else []
    finding = Finding(eligibility, status_detail, raw_status, problems=problems)
    await check_results.apply_finding(session, credential, attempt, finding, ADAPTER, 180)


def schedule_rechecks(credentials: list[Credential], session: Session, random: Random) -> None:
    """Schedule the next checks over a week that begins tomorrow, so that none is due when the service starts.

    The history ends yesterday: a check one day after its end is due on the evening of the day on which it is loaded.
    """
    for credential in credentials:
        if credential.next_check_at is not None:
            credential.next_check_at = session.now + timedelta(days=1, hours=random.randint(24, 168))
