"""The ledger of what happened: every change is one event, written in the transaction that makes it."""
