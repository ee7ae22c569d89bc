"""Credgraph: workforce credentials as one connected graph."""
