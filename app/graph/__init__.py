"""The graph: one file per noun, and the words in which they are written."""

from app.graph import enums  # noqa: F401 - the domain's enums are described before any field uses one
