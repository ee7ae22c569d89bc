"""The database engine: sessions, transactions, prepared and batched statements, row mapping and history.

Other packages import these modules:

- `database`: opens sessions and transactions; the only place that commits.
- `session`: finds rows, queues writes, and runs queries of the ORM.
- `records`: the base class of every table, and column types.
- `row_access`: finds, locks and checks the row that a change is about.
- `bulk`: runs an action for each of many items in a savepoint of its own.
- `upsert`: writes many rows in one statement.
- `unique_violations`: turns integrity errors into refusals.
- `idempotency`: keys under which a repeated call returns its first outcome.
- `history`: the recorded values of changed rows.
- `principal`: the part of an actor that decides which rows it sees.
- `read_executor`, `read_batch`, `prepared_statements`: read programs and the statements that they request.

`engine` and `compat` are private to the package (an import contract holds it): connections, drivers, the mapping of
rows, write batches, and the private parts of libraries that they rely on.
"""
