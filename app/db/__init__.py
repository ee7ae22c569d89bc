"""The database engine: sessions, transactions, batched statements, row mapping and history."""
