"""Shapes of HTTP requests and answers."""
