"""Workers in the schema, and the types that they share with applicants."""
