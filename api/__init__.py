"""Delivery: HTTP, the command line and web pages."""
