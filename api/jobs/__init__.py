"""Doing the work that is due: which kinds there are, and the threads that do them beside requests."""
