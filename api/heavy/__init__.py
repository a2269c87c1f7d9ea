"""Long work, done by a process of its own, so that it holds up no lookup: maps, and bodies with many points."""
