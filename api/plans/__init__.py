"""``/plans``: drafts made, edited, checked, compared, reviewed and published."""
