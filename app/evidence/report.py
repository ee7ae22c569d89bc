"""The README.txt of an evidence pack: a readable summary, and instructions to check the pack."""

from datetime import UTC, date, datetime

from app.compliance.evaluation.facts import Cell
from app.credentials.tables import ApprovalStatus, IntakeStatus
from app.evidence.serialization import JsonObject
from app.evidence.worker_records import WorkerRecords

ATTACHMENTS_LINE = "  attachments/"
END_FIELDS = (("archived", "archivedAt"), ("deleted", "deletedAt"))


def write(records: WorkerRecords, compliance: JsonObject, credentials: list[JsonObject], today: date) -> str:
    """Return the page as plain text.

    Text that people wrote, such as a name, stays on its line and inside quotes, so that it cannot imitate the page.
    """
    day = records.context.day
    lines = [
        f"Evidence of {quote(records.display_name)} ({records.worker.id})",
        f"at {records.organization.name} ({records.organization.id}), as of {day}",
        "",
        f"Standing: {compliance['standing'] or 'none: no rule applied on that day'}",
        *([] if day <= today else [f"This is a day to come: it is told by what was known on {today}."]),
        "",
        *(_cell(records, cell) for cell in (records.evaluation.cells if records.evaluation else ())),
        "",
        "Credentials",
    ]
    for credential in credentials:
        lines += ["", *_credential(credential)]
    has_attachments = any(records.attachments.values())
    explanation = [line for line in EXPLANATION if has_attachments or not line.startswith(ATTACHMENTS_LINE)]
    return "\n".join([*map(to_one_line, lines), "", *explanation])


def to_one_line(text: str) -> str:
    """Replace characters that are not printable, such as line breaks and changes of direction, by spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def _cell(records: WorkerRecords, cell: Cell) -> str:
    return f"  {cell.status:<10} {cell.rule.level:<9} {records.rules[cell.rule_id].name}: {cell.reason}"


def _credential(credential: JsonObject) -> list[str]:
    """Return the lines of a credential, its versions and their files."""
    credential_type, verification = credential["credentialType"], credential["verification"]
    state = (
        f"{verification['status']}, {verification['eligibility'] or 'eligibility unknown'}, {credential['validity']}"
    )
    if credential["intake"]["status"] == IntakeStatus.REQUESTED:
        was_rejected = credential["approval"] == ApprovalStatus.REJECTED
        state = (
            "asked for again, since the answer was rejected" if was_rejected else "asked for; there is no answer yet"
        )
    ended = [f"{word} {_format_instant(credential[field])}" for word, field in END_FIELDS if credential[field]]
    name = f"{credential_type['name']} [{credential_type['code']}]"
    lines = [f"  {name} {credential['id']}: {', '.join([state, *ended])}"]
    if credential.get("purged"):
        return [*lines, "    It was purged since: only this line and its events are still known."]
    for version in credential["versions"]:
        lines.append(f"    {_version(version)}")
        lines += map(_file, version["attachments"])
    return lines


def _file(attachment: JsonObject) -> str:
    return f"      {attachment['side']} {attachment['path']} ({quote(attachment['fileName'])})"


def _version(version: JsonObject) -> str:
    approval, decision = version["approval"], ""
    if approval["decidedBy"] is not None:
        reviewer = approval["decidedBy"]["name"] or approval["decidedBy"]["id"]
        decision = f" by {quote(reviewer)} on {_format_instant(approval['decidedAt'])}"
    dates = f"issued {version['issueDate'] or '-'}, expires {version['expiryDate'] or '-'}"
    reference = quote(version["referenceNumber"])
    return f"version {version['number']}: number {reference}, {dates}, {approval['status']}{decision}"


def _format_instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def quote(text: str | None) -> str:
    """Return text that a person wrote in quotes, or a dash for None."""
    return "-" if text is None else '"' + text.replace('"', "'") + '"'


EXPLANATION = """\
Contents
  compliance.json    the worker's standing on the day: a cell for each rule, with its reason
  worker.json        the worker's details, units, positions, requests and exemptions
  credentials.json   each credential with its versions, decisions, checks and files
  events.jsonl       the event log of the worker and their credentials, one event on each line
  attachments/       the files, as they were uploaded
  manifest.json      the worker, the day, the maker of the pack, and the SHA-256 digest of each file
  manifest.jws       manifest.json, signed

The pack shows what was recorded until the end of the day. Only names are current: those of the organization, rules,
types, positions and units, and the names beside ids. Files and versions that were removed since are missing; their
events are not.

How to check it
  manifest.jws is a JSON Web Signature (RFC 7515) in the compact form, by Ed25519 (EdDSA, RFC 8037). Its header's `kid`
  names the key, which is one of those that the service publishes at /.well-known/jwks.json. Get them from the service
  itself, over https and at an address that you know: not from this pack, and not from the person who sends it. The
  signature's payload is manifest.json, byte for byte. Then compare the digest of each file with the manifest's, and see
  that there is no file that it does not name. Keep the archive as you received it: a repacked one is not accepted.
""".splitlines()
"""The contents of a pack, and how to check it."""
