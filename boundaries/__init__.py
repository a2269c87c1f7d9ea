"""The PostGIS store: tables, repositories, import, export and publishing."""
