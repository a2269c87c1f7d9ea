"""Where a whole complaint is: every known name in it, weighed, added up, and believed no deeper than sure."""
