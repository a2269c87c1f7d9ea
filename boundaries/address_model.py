"""The trained model of Chinese address elements that is shipped with GeoGrid."""

from functools import cache
from importlib import resources

from geogrid.address.elements import ElementTagger


@cache
def element_tagger() -> ElementTagger:
    """Return the tagger, read once."""
    import numpy as np

    with resources.files("boundaries").joinpath("address_elements.npz").open("rb") as file:
        return ElementTagger(dict(np.load(file, allow_pickle=False)))
