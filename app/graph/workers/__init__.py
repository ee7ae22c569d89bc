"""Workers, and what they share with applicants, in the schema."""
