"""The demo organization that a newcomer finds."""
