"""Every room's tables: importing this puts them all into the metadata."""

from app.compliance import tables as compliance
from app.core import history, idempotency
from app.credential_types import tables as credential_types
from app.credentials import attachment_tables as attachments
from app.credentials import attempt_tables as attempts
from app.credentials import tables as credentials
from app.events import tables as events
from app.organizations import tables as organizations
from app.workers import tables as workers

ROOMS = (
    *(idempotency, history, organizations, events, workers, credential_types),
    *(credentials, attempts, attachments, compliance),
)
