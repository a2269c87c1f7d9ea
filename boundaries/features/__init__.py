"""Collections of features: declared once, read by SQL, in any coordinate reference system."""
