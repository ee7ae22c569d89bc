"""How many examples a property is tried on, the same ones in every run."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings

_ALIKE: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    # An example that calls the service is slow: looking for a smaller one that fails too would take minutes.
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}

pure = settings(max_examples=100, **_ALIKE)
queries = settings(max_examples=60, **_ALIKE)
sequences = settings(max_examples=12, **_ALIKE)
