"""The rule of `validity.validity_on` as an SQL condition."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app.credential_types.tables import CredentialType
from app.credentials.tables import NEVER, Credential, Validity
from app.db.principal import Principal
from app.lists import filters


class days_after(FunctionElement[date]):  # noqa: N801 - reads as the SQL function that it stands for
    """A date plus a number of days, in PostgreSQL's or SQLite's SQL."""

    type = Date()
    inherit_cache = True


@compiles(days_after, "postgresql")
def _days_after_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day, days = element.clauses
    return f"({compiler.process(day, **options)} + {compiler.process(days, **options)})"


@compiles(days_after, "sqlite")
def _days_after_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    day, days = element.clauses
    return f"date({compiler.process(day, **options)}, {compiler.process(days, **options)} || ' days')"


@filters.daily
def matches(operators: Mapping[str, Any], actor: Principal, day: date) -> ColumnElement[bool]:
    """Return the condition that a credential's validity on a day matches the filter's operators."""
    today = literal(day, Date())
    type_days = (
        select(col(CredentialType.expiring_soon_days))
        .where(
            col(CredentialType.organization_id) == actor.organization_id,
            col(CredentialType.id) == col(Credential.credential_type_id),
        )
        .scalar_subquery()
    )
    soon = days_after(today, func.coalesce(type_days, actor.expiring_soon_days))
    expires = col(Credential.expires_on)
    validity = case(
        (col(Credential.valid_from) > today, Validity.NOT_YET_VALID.value),
        (expires == NEVER, Validity.NO_EXPIRY.value),
        (expires < today, Validity.EXPIRED.value),
        (expires <= soon, Validity.EXPIRING_SOON.value),
        else_=Validity.VALID.value,
    )
    terms = []
    for name, value in operators.items():
        values = [item.value for item in (value if name != "eq" else [value])]
        terms.append(validity.not_in(values) if name == "notIn" else validity.in_(values))
    return and_(*terms) if terms else or_(literal(True))
