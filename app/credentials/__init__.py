"""Credentials: what people hold, every version of it, and what may be done with it."""
