"""Background jobs: scheduled and queued work that no request triggers."""
