"""Browser assets: the local copies of every script, style and font that a page loads."""
