"""The compiler from a validated operation to its plan."""
