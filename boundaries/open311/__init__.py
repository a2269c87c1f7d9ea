"""Open311: services that are offered, requests for them, keys of applications."""
