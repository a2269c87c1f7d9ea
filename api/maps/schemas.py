"""Parameters of ``/maps``."""

from api.cases.schemas import CaseQuery
from api.kit.queries import At, Labels, OfJurisdiction


class CoverageMapQuery(OfJurisdiction):
    """Parameters of ``GET /maps/coverage``."""

    lang: Labels = "both"
    at: At = None


class HotspotMapQuery(CaseQuery):
    """Parameters of ``GET /maps/hotspots``: those of ``/cases``, without pages."""

    lang: Labels = "both"
