"""Accounts: who may sign in, with which roles, from which sessions and by which tokens."""
