"""Towns that exist nowhere, for tests, benchmarks and examples: any size, seeded, with nothing private in them."""

from geogrid.towns.published import PUBLISHED_TOWNS, PublishedTown
from geogrid.towns.ready import drawn_blocks
from geogrid.towns.town import SyntheticTown, synthetic_town

__all__ = ["PUBLISHED_TOWNS", "PublishedTown", "SyntheticTown", "drawn_blocks", "synthetic_town"]
