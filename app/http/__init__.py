"""The door that HTTP comes through."""
