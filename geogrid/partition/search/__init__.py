"""The search for a good partition: on a graph of blocks, in loops at machine speed."""
