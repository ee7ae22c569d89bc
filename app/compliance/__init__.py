"""Compliance: rules for the credentials of workers, the evaluation of workers, and the requests that follow."""
