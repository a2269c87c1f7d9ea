"""``/editions`` and ``/grids``: what was in force when, and what became of each grid."""
