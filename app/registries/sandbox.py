"""The adapter for sandbox mode: the finding depends on the last character of the reference number.

| the number ends in | finding                                                              |
|--------------------|----------------------------------------------------------------------|
| X                  | EXPIRED, may not engage                                              |
| S                  | SUSPENDED, may not engage                                            |
| C                  | CANCELLED, may not engage                                            |
| N                  | NOT_FOUND, may not engage                                            |
| A                  | NOT_ACCEPTABLE, may not engage                                       |
| K                  | CONDITIONS, review required                                          |
| M                  | DETAILS_MISMATCH, review required                                    |
| P                  | in progress: the registry has not decided                            |
| U                  | SOURCE_UNAVAILABLE: the registry does not answer                     |
| Z                  | VALID, may engage, after two seconds                                 |
| anything else      | VALID, may engage                                                    |

It serves organizations in sandbox mode and no others.
"""

import asyncio
from datetime import date

from app.registries.findings import Eligibility, Finding, StatusDetail
from app.registries.protocol import Inquiry, RegistryUnavailable

SLOW_SECONDS = 2.0
NO, REVIEW = Eligibility.MAY_NOT_ENGAGE, Eligibility.REVIEW_REQUIRED
VALID = Finding(Eligibility.MAY_ENGAGE, StatusDetail.VALID, "CLEARED")
FINDINGS = {
    "X": Finding(NO, StatusDetail.EXPIRED, "LAPSED"),
    "S": Finding(NO, StatusDetail.SUSPENDED, "SUSPENDED"),
    "C": Finding(NO, StatusDetail.CANCELLED, "CANCELLED"),
    "N": Finding(NO, StatusDetail.NOT_FOUND, "NO RECORD"),
    "A": Finding(NO, StatusDetail.NOT_ACCEPTABLE, "BARRED"),
    "K": Finding(REVIEW, StatusDetail.CONDITIONS, "CONDITIONAL", problems=["The registry names conditions."]),
    "M": Finding(REVIEW, StatusDetail.DETAILS_MISMATCH, "MISMATCH", problems=["The name does not match."]),
    "P": Finding(Eligibility.IN_PROGRESS, None, "PROCESSING"),
}


class SandboxAdapter:
    """A registry with the findings of the table above."""

    name = "sandbox"

    async def check(self, inquiry: Inquiry) -> Finding:
        """Return the finding for the reference number. Raises RegistryUnavailable for numbers that end in U."""
        ending = (inquiry.reference_number or "").strip().upper()[-1:]
        if ending == "U":
            raise RegistryUnavailable("the sandbox registry does not answer for numbers that end in U")
        if ending == "Z":
            await asyncio.sleep(SLOW_SECONDS)
        return FINDINGS.get(ending, VALID)

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """Return the finding with the raw status; one that requires a review if there is none."""
        findings = {known.raw_status: known for known in (VALID, *FINDINGS.values())}
        finding = findings.get(status, Finding(REVIEW, None, status, problems=["The status is not in the table."]))
        return Finding(finding.eligibility, finding.status_detail, status, expiry_date, finding.problems)
