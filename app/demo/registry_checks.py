"""What the registries said of the demo's credentials, as checks on record."""

from datetime import timedelta
from random import Random

from app.credentials.tables import Credential
from app.credentials.verification import check_results
from app.credentials.verification.tables import VerificationAttempt
from app.db.database import Session
from app.demo import holdings
from app.demo.holdings import Standing
from app.registries.protocol import Finding, StatusDetail

ADAPTER = "sandbox"
FINDINGS: dict[Standing, tuple[StatusDetail | None, str]] = {
    holdings.PENDING: (None, "PROCESSING"),
    holdings.CHECKING: (None, "PROCESSING"),
    holdings.GOOD: (StatusDetail.VALID, "CLEARED"),
    holdings.UNSURE: (StatusDetail.CONDITIONS, "CONDITIONAL"),
    holdings.OUT: (StatusDetail.EXPIRED, "LAPSED"),
    holdings.SUSPENDED: (StatusDetail.SUSPENDED, "SUSPENDED"),
    holdings.REVOKED: (StatusDetail.CANCELLED, "CANCELLED"),
}


async def settle(session: Session, credential: Credential, attempt: VerificationAttempt, standing: Standing) -> None:
    """Let a check have found where a credential stands."""
    detail, said = FINDINGS[standing]
    eligibility = standing[1] or holdings.CHECKING[1]
    assert eligibility is not None
    remarks = ["The registry names conditions."] if standing == holdings.UNSURE else []
    finding = Finding(eligibility, detail, said, problems=remarks)
    await check_results.record(session, credential, attempt, finding, ADAPTER, 180)


def spread(credentials: list[Credential], session: Session, random: Random) -> None:
    """Let no check be due at once, and all within the week: what is found now is for the newcomer to see."""
    for credential in credentials:
        if credential.next_check_at is not None:
            credential.next_check_at = session.now + timedelta(hours=random.randint(24, 168))
