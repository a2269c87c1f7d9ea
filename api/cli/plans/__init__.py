"""``geogrid plan``: drafts made, edited, checked, compared and published."""
