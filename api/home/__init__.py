"""``/``: the town at a glance, and which grid is this."""
