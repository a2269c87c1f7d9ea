"""Parquet and Arrow as they may come: what they become is counted before it is unpacked."""
