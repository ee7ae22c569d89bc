"""Execution of operations: documents are checked and compiled to plans once, and the plans are run for each request."""
