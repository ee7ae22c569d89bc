"""Every room's tables: importing this puts them all into the metadata."""

from app.core import idempotency
from app.credential_types import tables as credential_types
from app.credentials import tables as credentials
from app.events import tables as events
from app.organizations import tables as organizations
from app.workers import tables as workers

ROOMS = (idempotency, organizations, events, workers, credential_types, credentials)
