"""Requests to other machines: which may be called, and a connection that is broken off when its time is over."""
