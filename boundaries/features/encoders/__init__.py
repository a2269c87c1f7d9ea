"""Features as bytes, a batch at a time: one module a format."""
