"""geogrid map and geogrid hotspots: maps as files, and which grids have more cases than chance explains."""
