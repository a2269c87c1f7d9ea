"""The trained model of Chinese address elements that is shipped with GeoGrid."""

from functools import cache
from importlib import resources

from geogrid.addresses.tagger.elements import ElementTagger


@cache
def element_tagger() -> ElementTagger:
    """Return the tagger, read once."""
    import numpy as np

    with resources.files("boundaries.addresses").joinpath("address_elements.npz").open("rb") as file:
        return ElementTagger(dict(np.load(file, allow_pickle=False)))
