"""An evidence pack's first page: what it says, in words, for whoever opens it."""

from datetime import UTC, date, datetime

from app.compliance.evaluation.facts import Cell
from app.credentials.tables import Approval, Intake
from app.evidence.serialization import Told
from app.evidence.worker_records import Records

ATTACHMENTS = "  attachments/"
ENDED = (("archived", "archivedAt"), ("deleted", "deletedAt"))


def write(records: Records, compliance: Told, credentials: list[Told], today: date) -> str:
    """The page, as plain text. Nothing in it can look like another line of it, whatever somebody called themselves."""
    day = records.frame.day
    lines = [
        f"Evidence of {quoted(records.name)} ({records.worker.id})",
        f"at {records.organization.name} ({records.organization.id}), as of {day}",
        "",
        f"Standing: {compliance['standing'] or 'none: nothing was asked of them on that day'}",
        *([] if day <= today else [f"This is a day to come: it is told by what was known on {today}."]),
        "",
        *(_cell(records, cell) for cell in (records.judged.cells if records.judged else ())),
        "",
        "Credentials",
    ]
    for credential in credentials:
        lines += ["", *_credential(credential)]
    how = HOW if any(records.attachments.values()) else [line for line in HOW if not line.startswith(ATTACHMENTS)]
    return "\n".join([*map(one_line, lines), "", *how])


def one_line(text: str) -> str:
    """Text of whatever characters on a line of its own: what would break it, or turn its direction, is a blank."""
    return "".join(character if character.isprintable() else " " for character in text)


def _cell(records: Records, cell: Cell) -> str:
    return f"  {cell.status:<10} {cell.rule.level:<9} {records.rules[cell.rule_id].name}: {cell.reason}"


def _credential(told: Told) -> list[str]:
    """A credential, with a line for each of its versions and each of their files."""
    kind, verification = told["credentialType"], told["verification"]
    state = f"{verification['status']}, {verification['eligibility'] or 'eligibility unknown'}, {told['validity']}"
    if told["intake"]["status"] == Intake.REQUESTED:
        again = told["approval"] == Approval.REJECTED
        state = "asked for again, since the answer was rejected" if again else "asked for; there is no answer yet"
    ended = [f"{word} {_instant(told[at])}" for word, at in ENDED if told[at]]
    lines = [f"  {kind['name']} [{kind['code']}] {told['id']}: {', '.join([state, *ended])}"]
    if told.get("purged"):
        return [*lines, "    It was purged since: no more is known of it than this, and what the ledger says."]
    for version in told["versions"]:
        lines.append(f"    {_version(version)}")
        lines += map(_file, version["attachments"])
    return lines


def _file(told: Told) -> str:
    return f"      {told['side']} {told['path']} ({quoted(told['fileName'])})"


def _version(told: Told) -> str:
    decided, by = told["approval"], ""
    if decided["decidedBy"] is not None:
        who = decided["decidedBy"]["name"] or decided["decidedBy"]["id"]
        by = f" by {quoted(who)} on {_instant(decided['decidedAt'])}"
    dates = f"issued {told['issueDate'] or '-'}, expires {told['expiryDate'] or '-'}"
    return f"version {told['number']}: number {quoted(told['referenceNumber'])}, {dates}, {decided['status']}{by}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def quoted(text: str | None) -> str:
    """What somebody wrote, marked as that."""
    return "-" if text is None else '"' + text.replace('"', "'") + '"'


HOW = """\
What lies here
  compliance.json    where the worker stood on the day: a cell for each rule, with its reason
  worker.json        who they are, their positions, what they were asked for, what they were let off
  credentials.json   each credential with its versions, decisions, checks and files
  events.jsonl       the ledger: what happened to them and their credentials, one event on each line
  attachments/       the files, as they were sent
  manifest.json      what the pack is of, and the SHA-256 digest of each file
  manifest.jws       manifest.json, signed

Nothing that was recorded after the day has a part in it, but for the names of the organization, of rules, types,
positions and units, and of those who are named beside an id. Files and versions that were removed since are missing;
the ledger tells of them.

How to check it
  manifest.jws is a JSON Web Signature (RFC 7515) in the compact form, by Ed25519 (EdDSA, RFC 8037). Its header's `kid`
  names the key, which is among those that the service gives out at /.well-known/jwks.json. Have them from the service
  itself, over https and at an address that you know: not from this pack, and not from whoever hands it to you. The
  signature's payload is manifest.json, byte for byte. Then compare the digest of each file with the manifest's, and see
  that no file is there which it does not name. Keep the archive as it came: packed anew, it is another.""".splitlines()
"""What is in a pack, and how it is checked."""
