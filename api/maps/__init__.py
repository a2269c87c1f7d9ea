"""``/maps``: the coverage map and the hotspot map."""
