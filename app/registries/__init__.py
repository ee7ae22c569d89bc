"""The registries that credentials are verified with, all behind one adapter protocol."""
