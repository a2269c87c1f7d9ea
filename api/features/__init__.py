"""What OGC API asks of the HTTP interface: descriptions, formats, parameters, conformance."""
