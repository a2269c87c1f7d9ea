"""``/embed/map`` and ``/oembed``: a map of the grids inside other people's pages."""
