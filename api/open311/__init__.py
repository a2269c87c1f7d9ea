"""Open311 GeoReport v2: requests for services from the applications that cities' people have already."""
