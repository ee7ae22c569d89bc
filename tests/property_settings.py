"""Hypothesis settings: the number of examples of each kind of property, the same examples in every run."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings

_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    # Shrinking is off: for examples that call the service it would take minutes.
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}

pure = settings(max_examples=100, **_COMMON)
queries = settings(max_examples=60, **_COMMON)
sequences = settings(max_examples=12, **_COMMON)
