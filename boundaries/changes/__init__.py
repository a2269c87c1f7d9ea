"""What happened, in order: the feed of changes, and the webhooks that tell of it."""
