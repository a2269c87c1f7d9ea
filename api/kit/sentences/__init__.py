"""Sentences of the layers below in Chinese: one table of what they say, for pages and answers."""
