"""Reads of the event log."""

from sqlmodel import col

from app.events.tables import Event
from app.lists import filters
from app.lists.listings import Listing, Lookup

listing = Listing(
    Event,
    filters={
        "subject": filters.exact(col(Event.subject_id)),
        "worker": filters.exact(col(Event.worker_id)),
        "actor": filters.exact(col(Event.actor_id)),
        "kind": filters.exact(col(Event.kind)),
        "occurredAt": filters.instants(col(Event.occurred_at)),
    },
    orders={"occurredAt": col(Event.occurred_at)},
    default_order=(("occurredAt", True),),
)
by_id = Lookup(Event, col(Event.id))
by_worker = listing.per_parent(col(Event.worker_id))
by_subject = listing.per_parent(col(Event.subject_id))
