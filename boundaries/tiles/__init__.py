"""Vector tiles of editions: made, kept, and written as one file."""
