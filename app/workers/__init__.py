"""The people: workers, and the applicants who may become workers."""
