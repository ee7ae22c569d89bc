"""The periods of credentials with several versions, and the version in force by them, today and on past days.

The history gets the periods as the events and the recorded changes of dates tell them. Of a purged credential, and of
versions that were loaded without events, nothing earlier is known than what was recorded; these past days keep the one
version that counted then. Statuses stay: a person or a registry may have decided since by what they saw.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core import ids
from app.db import records

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None

INDEX = "credentials_by_next_takeover"
IS_DUE = "next_takeover_on IS NOT NULL"
NEVER = date.max
DECIDED = ("NOT_REQUIRED", "APPROVED")
BATCH_SIZE = 500  # credentials whose versions, events and history are in memory together
DATES = {"ISSUE_DATE": "issue_date", "EXPIRY_DATE": "expiry_date"}

VersionDates = tuple[str, date | None, date, bool]
"""A version's id, first day and last day, and True if it is decided."""


def _table(name: str, *columns: str, days: Sequence[str] = (), instants: Sequence[str] = (), document: str = "") -> Any:
    return sa.table(
        name,
        sa.column("organization_id", sa.String),
        sa.column("id", sa.String),
        *(sa.column(column, sa.String) for column in columns),
        *(sa.column(column, sa.Date) for column in days),
        *(sa.column(column, UTCDateTime) for column in instants),
        *([sa.column(document, records.Document)] if document else []),
    )


ORGANIZATIONS = _table("organizations", "time_zone")
CREDENTIALS = _table(
    "credentials",
    *("worker_id", "applicant_id", "effective_version_id"),
    days=("valid_from", "expires_on", "next_takeover_on"),
    document="periods",
)
VERSIONS = _table(
    "credential_versions",
    *("credential_id", "approval"),
    days=("issue_date", "expiry_date"),
    instants=("created_at",),
)
VERSIONS.append_column(sa.column("number", sa.Integer))
CHANGES = _table("credential_version_changes", "version_id", "field", "before", instants=("changed_at",))
EVENTS = _table("events", "subject_id", instants=("occurred_at",), document="changes")
HISTORY = _table("history", "kind", "row_id", "worker_id", instants=("recorded_at",), document="values")
UNSETTLED = _table("unsettled", "owner_id")


def upgrade() -> None:
    op.add_column("credentials", sa.Column("periods", records.Document, nullable=False, server_default="[]"))
    op.add_column("credentials", sa.Column("next_takeover_on", sa.Date(), nullable=True))
    op.create_index(
        INDEX,
        "credentials",
        ["organization_id", "next_takeover_on"],
        sqlite_where=sa.text(IS_DUE),
        postgresql_where=sa.text(IS_DUE),
    )
    connection = op.get_bind()
    for organization_id, time_zone in connection.execute(
        sa.select(ORGANIZATIONS.c.id, ORGANIZATIONS.c.time_zone)
    ).all():
        today = datetime.now(UTC).astimezone(ZoneInfo(time_zone)).date()
        for keys in _renewed(connection, organization_id):
            _fill(connection, organization_id, keys, today)


def downgrade() -> None:
    op.drop_index(INDEX, "credentials")
    for column in ("next_takeover_on", "periods"):
        op.drop_column("credentials", column)


def _renewed(connection: sa.Connection, organization_id: str) -> Iterator[Sequence[str]]:
    """Yield the ids of an organization's credentials with several versions, a batch at a time."""
    keys: Sequence[str] = [""]
    while keys := connection.scalars(
        sa.select(VERSIONS.c.credential_id)
        .where(
            VERSIONS.c.organization_id == organization_id, VERSIONS.c.number == 2, VERSIONS.c.credential_id > keys[-1]
        )
        .order_by(VERSIONS.c.credential_id)
        .limit(BATCH_SIZE)
    ).all():
        yield keys


def _fill(connection: sa.Connection, organization_id: str, keys: Sequence[str], today: date) -> None:
    """Fill the rows of some credentials and their history, and mark their owners."""

    def rows(table: Any, column: str, condition: Any, *order: str) -> dict[str, list[Any]]:
        statement = sa.select(table).where(table.c.organization_id == organization_id, condition)
        groups: dict[str, list[Any]] = defaultdict(list)
        # Sorted here: to spare a sort, SQLite reads all events by an index of their times.
        for row in sorted(connection.execute(statement), key=attrgetter(*order)):
            groups[getattr(row, column)].append(row)
        return groups

    versions = rows(VERSIONS, "credential_id", VERSIONS.c.credential_id.in_(keys), "number")
    version_ids = sa.select(VERSIONS.c.id).where(
        VERSIONS.c.organization_id == organization_id, VERSIONS.c.credential_id.in_(keys)
    )
    changes = rows(CHANGES, "version_id", CHANGES.c.version_id.in_(version_ids), "changed_at", "id")
    events = rows(EVENTS, "subject_id", EVENTS.c.subject_id.in_(keys), "occurred_at", "id")
    # Without the kind, the history would be read as a whole for each batch: its index begins with it.
    of_credentials = sa.and_(HISTORY.c.kind == "credentials", HISTORY.c.row_id.in_(keys))
    history = rows(HISTORY, "row_id", of_credentials, "recorded_at", "id")
    owners: set[str] = set()
    filled: list[dict[str, Any]] = []
    amended: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    for [row] in rows(CREDENTIALS, "id", CREDENTIALS.c.id.in_(keys), "id").values():
        past = _Past(versions[row.id], changes, events[row.id])
        _fill_history(history[row.id], past, amended, added)
        periods = past.periods(None)
        if len(periods) > 1:
            owners |= {owner for owner in (row.worker_id, row.applicant_id) if owner is not None}
            filled.append({"row_organization": organization_id, "row": row.id, **_columns(row, periods, today)})
    _update(connection, CREDENTIALS, filled)
    _update(connection, HISTORY, amended)
    marks = [{"organization_id": organization_id, "id": ids.new("uns"), "owner_id": owner} for owner in sorted(owners)]
    for table, inserted in ((HISTORY, added), (UNSETTLED, marks)):
        if inserted:
            connection.execute(sa.insert(table), inserted)


def _columns(row: Any, periods: Sequence[VersionDates], today: date) -> dict[str, Any]:
    """Return the columns that follow from a credential's periods, with unchanged ones if no version is decided."""
    decided = [period for period in periods if period[3]]
    edges = {first for _, first, _, _ in decided if first is not None}
    edges |= {last + timedelta(days=1) for _, _, last, _ in decided if last != NEVER}
    columns: dict[str, Any] = {
        name: getattr(row, name) for name in ("effective_version_id", "valid_from", "expires_on", "next_takeover_on")
    }
    columns["periods"] = _document(periods)
    in_force = _in_force(decided, today)
    if in_force is not None:
        later = (day for day in sorted(edges) if day > today and _in_force(decided, day) != in_force)
        version_id, first, last, _ = in_force
        columns |= {"effective_version_id": version_id, "valid_from": first, "expires_on": last}
        columns["next_takeover_on"] = next(later, None)
    return columns


def _in_force(decided: Sequence[VersionDates], day: date) -> VersionDates | None:
    """Return the newest period that holds a day, else the newest that has begun, else the one that begins first."""
    begun = [period for period in decided if period[1] is None or period[1] <= day]
    holding = [period for period in begun if day <= period[2]]
    for periods in (holding, begun):
        if periods:
            return periods[-1]
    return min(reversed(decided), key=lambda period: period[1] or date.min, default=None)


def _document(periods: Sequence[VersionDates]) -> list[Any]:
    return [
        [version_id, first and first.isoformat(), last.isoformat(), is_decided]
        for version_id, first, last, is_decided in periods
    ]


class _Past:
    """The versions of a credential at an instant, found by undoing what was recorded later."""

    def __init__(self, versions: Sequence[Any], changes: dict[str, list[Any]], events: Sequence[Any]) -> None:
        self._versions, self._changes = versions, changes
        self._decisions = [
            (event.occurred_at, event.changes["number"]["to"], event.changes["approval.status"]["from"])
            for event in events
            if "approval.status" in event.changes and "number" in event.changes
        ]

    def instants(self) -> Iterator[datetime]:
        """Yield every instant at which a period may have changed."""
        yield from (occurred_at for occurred_at, _, _ in self._decisions)
        for version in self._versions:
            yield version.created_at
            yield from (change.changed_at for change in self._changes[version.id] if change.field in DATES)

    def periods(self, at: datetime | None) -> list[VersionDates]:
        """Return the periods of the decided versions and of a pending latest one; None as the instant means now."""
        versions = [version for version in self._versions if at is None or version.created_at <= at]
        periods: list[VersionDates] = []
        for version in versions:
            approval, dates = self._facts(version, at)
            if approval in DECIDED or (approval == "PENDING" and version is versions[-1]):
                last = dates["expiry_date"] or NEVER
                periods.append((version.id, dates["issue_date"], last, approval in DECIDED))
        return periods

    def _facts(self, version: Any, at: datetime | None) -> tuple[str, dict[str, date | None]]:
        approval = version.approval
        dates: dict[str, date | None] = {column: getattr(version, column) for column in DATES.values()}
        if at is None:
            return approval, dates
        for occurred_at, number, before in reversed(self._decisions):
            if occurred_at > at and number == version.number:
                approval = before
        for change in reversed(self._changes[version.id]):
            if change.changed_at > at and change.field in DATES:
                dates[DATES[change.field]] = None if change.before is None else date.fromisoformat(change.before)
        return approval, dates


def _fill_history(
    entries: Sequence[Any], past: _Past, amended: list[dict[str, Any]], added: list[dict[str, Any]]
) -> None:
    """Note the entries of a credential with their periods, and entries to add for instants that changed nothing else.

    `amended` receives the changes of entries, `added` the additional entries.
    """
    documents: dict[datetime, list[Any]] = {}
    for entry in entries:
        periods = past.periods(entry.recorded_at)
        documents[entry.recorded_at] = _document(periods) if len(periods) > 1 else []
        if entry.values is not None and documents[entry.recorded_at]:
            values = {**entry.values, "periods": documents[entry.recorded_at]}
            amended.append({"row_organization": entry.organization_id, "row": entry.id, "values": values})
    for at in sorted(set(past.instants()) - documents.keys()):
        entry = next((entry for entry in reversed(entries) if entry.recorded_at <= at), None)
        periods = past.periods(at)
        document = _document(periods) if len(periods) > 1 else []
        if entry is None or entry.values is None or document == documents[max(day for day in documents if day < at)]:
            continue
        documents[at] = document
        values = {**entry.values, "periods": document}
        added.append({**entry._mapping, "id": ids.new("hist"), "recorded_at": at, "values": values})


def _update(connection: sa.Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Write columns of rows, which `row_organization` and `row` name, in one call."""
    if rows:
        key = (table.c.organization_id == sa.bindparam("row_organization"), table.c.id == sa.bindparam("row"))
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].keys() - {"row_organization", "row"}}
        connection.execute(sa.update(table).where(*key).values(columns), rows)
