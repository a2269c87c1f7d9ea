"""``/locate``: which grid a point is in, one or many."""
