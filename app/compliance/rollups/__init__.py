"""Compliance counted and listed over many workers: summary, gaps, forecast, clearance."""
