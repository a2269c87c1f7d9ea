"""The addresses of the HTTP interface: parse, call, shape."""
