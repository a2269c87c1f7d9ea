"""The work on cases: the rules of each town, where each case stands, what was done to it, and its clocks."""
