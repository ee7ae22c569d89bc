"""The exceptions that leave an operation to graphql-core.

Each message is a reason: `Plans.fallbacks` counts operations by it.
"""


class FallBack(Exception):
    """A plan cannot finish the operation, so graphql-core has to execute it from the start."""


class Unsupported(FallBack):
    """The compiler has no plan for a construct of the document, or for the values of its variables."""
