"""Plans under work (方案): drafts, their edits, checks and comparison."""
