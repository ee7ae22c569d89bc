"""Errors, ids, the clock, input fields and logs: used by every package, importing none."""
