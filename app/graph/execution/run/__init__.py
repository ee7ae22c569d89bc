"""The runtime of plans: levels, edges and pages while an operation runs."""
