"""The tests; a package of its own, because installed packages bring one of that name along."""
