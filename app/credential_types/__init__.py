"""The credential types of an organization, and the catalogue of types that a new one starts with."""
