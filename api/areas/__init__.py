"""``/point``, ``/area``, ``/areas``: one line for one answer, in the manner of MapIt."""
