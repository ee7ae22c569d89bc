"""The registries that credentials are verified against, each behind one protocol."""
