"""The table modules of every package. Importing this module registers all tables in the metadata."""

from app.compliance import tables as compliance
from app.credential_types import tables as credential_types
from app.credentials import tables as credentials
from app.credentials.files import tables as attachments
from app.credentials.verification import tables as attempts
from app.db import history, idempotency
from app.events import tables as events
from app.organizations import tables as organizations
from app.workers import tables as workers

TABLE_MODULES = (
    *(idempotency, history, organizations, events, workers, credential_types),
    *(credentials, attempts, attachments, compliance),
)
