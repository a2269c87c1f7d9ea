"""The private PostgreSQL+PostGIS that GeoGrid creates, starts and stops by itself."""
