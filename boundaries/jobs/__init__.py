"""Work that is due: rows of one table, asked for in the caller's transaction, done by whoever runs jobs.

A job is a kind, a key and a moment. Asking for it is an insert of the transaction that makes it necessary, so it is
there exactly when that transaction is. Whoever runs jobs (``geogrid serve``, ``geogrid jobs run``) takes one that is
due by locking its row of `job_turns` (``for update skip locked``), writes down in advance that it failed, and does the
work in the transaction that holds the lock. Success erases the job in the same transaction. Whatever ends a runner in
between, nothing is left but the failure that was written before: the job is tried again after a pause that grows, and
after its last try it stays, failed, until somebody says ``geogrid jobs retry``.

The lock is of a row and lasts as long as its connection: however long a job takes, it is not done twice at once. It is
not the row of the job itself, so who asks for a job never waits for who does it.

``docs/jobs.md`` is for operators, and says why this is not a library.
"""
