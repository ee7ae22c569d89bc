"""The adapter for what no program can ask: a person decides."""

from datetime import date

from app.registries.protocol import Eligibility, Finding, Inquiry


class Manual:
    """Finds that a person has to look."""

    adapter = "manual"

    async def check(self, inquiry: Inquiry) -> Finding:
        """A finding that waits for a person."""
        return Finding(
            Eligibility.REVIEW_REQUIRED, None, problems=[f"Check {inquiry.type_code} with its issuer by hand."]
        )

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """A pushed change waits for a person too."""
        return Finding(Eligibility.REVIEW_REQUIRED, None, status, expiry_date, ["Its issuer reported a change."])
