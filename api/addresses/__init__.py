"""``/geocode``, ``/suggest``, ``/reverse``: from words to a point and its grid, and back."""
