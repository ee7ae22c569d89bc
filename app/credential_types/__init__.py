"""The kinds of credentials that an organization knows, and the catalogue that it starts with."""
