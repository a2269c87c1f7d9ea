"""Working on cases: what may be done to one next, doing it, and the rules of a town."""
