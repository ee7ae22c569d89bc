"""Errors, ids, the clock, input fields, text and logs. Every package may import this one, and it imports none."""
