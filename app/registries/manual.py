"""The adapter for registries without an API: a person decides."""

from datetime import date

from app.registries.findings import Eligibility, Finding
from app.registries.protocol import Inquiry


class ManualAdapter:
    """An adapter that always requires a review."""

    name = "manual"

    async def check(self, inquiry: Inquiry) -> Finding:
        """Return a finding that requires a review."""
        return Finding(
            Eligibility.REVIEW_REQUIRED, None, problems=[f"Check {inquiry.type_code} with its issuer by hand."]
        )

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """Return a finding that requires a review of the pushed status."""
        return Finding(Eligibility.REVIEW_REQUIRED, None, status, expiry_date, ["Its issuer reported a change."])
