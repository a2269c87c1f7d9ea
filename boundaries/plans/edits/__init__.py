"""Edits of drafts: carried out, recorded, taken back and done again."""
