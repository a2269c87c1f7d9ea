"""``/cases`` and ``/search``: complaints taken in and found again."""
