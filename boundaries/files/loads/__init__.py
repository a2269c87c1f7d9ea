"""Loads from files: households counted again, on the blocks that there are."""
