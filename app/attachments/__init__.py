"""Files as bytes: where they lie, what they are, and the addresses to which they go and from which they come."""
