"""Addresses of made-up towns, asked back as people write them there."""

import numpy as np
import pytest
from sqlalchemy.orm import Session

from boundaries.addresses.geocoding import geocode_many, import_addresses
from boundaries.jurisdictions.storing import save_jurisdiction
from geogrid.types import LevelName
from tests.benchmarks.geocoding_scores import off_m
from tests.invented_addresses import TOWNS

QUESTIONS = 250
AREAS = frozenset({"district", "town", "community"})
SEED = 2027  # rules were looked at with others


@pytest.mark.parametrize("name", TOWNS)
def test_addresses_of_unseen_towns_are_found_and_hardly_ever_mistaken(session: Session, name: str) -> None:
    invented = TOWNS[name](QUESTIONS, seed=SEED)
    town = save_jurisdiction(session, code=name, name=name, levels=[LevelName("grid")]).id
    import_addresses(session, town, invented.addresses, "survey")
    answers = geocode_many(session, town, invented.texts)
    away_m = off_m(answers, invented.lonlat)
    right = away_m <= 45
    # Sure of a town, an answer is right of it anywhere in it.
    held = np.array(
        [answer is not None and answer.matched_level in AREAS and answer.positional_error_m for answer in answers]
    )
    mistaken = ~right & (away_m > held)
    waits = np.array([answer is None or answer.needs_review for answer in answers])
    assert right.mean() >= 0.97
    assert (mistaken & ~waits).mean() <= 0.005
    assert waits.mean() <= 0.04
