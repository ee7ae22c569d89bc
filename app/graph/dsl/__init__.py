"""The declaration language of the schema: fields, edges, lists, inputs and errors."""
