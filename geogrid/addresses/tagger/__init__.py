"""Tagging the elements of a Chinese address: a random field and small recurrent networks."""
