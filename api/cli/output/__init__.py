"""What commands print: progress, problems, the store that they opened."""
