"""The event log: every change is one event, written in the same transaction."""
