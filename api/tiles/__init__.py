"""``/tiles``: grids as vector tiles, and their style."""
