"""What the server holds in memory: the store, editions in force, frames, settings."""
