"""``/changes`` and webhooks: telling other applications what happened."""
