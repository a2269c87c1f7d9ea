"""Towns that exist nowhere, for tests, benchmarks and examples: any size, seeded, with nothing private in them."""

from geogrid.towns.town import SyntheticTown, synthetic_town

__all__ = ["SyntheticTown", "synthetic_town"]
