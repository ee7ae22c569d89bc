"""The inside of the database engine, private to `app.db`: connections, drivers, row mapping and write batches."""
