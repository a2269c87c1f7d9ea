"""The store: its address and engine, the version of its tables, errors of its driver, bulk copies."""
