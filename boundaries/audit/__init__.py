"""The audit: who did what, when, from where; lines are added, never changed, and chained by hash."""
