"""What planners can do to a plan: operations as values, and carrying them out."""
