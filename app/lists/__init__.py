"""Lists of rows: filters, keyset pages, and statements over many keys."""
