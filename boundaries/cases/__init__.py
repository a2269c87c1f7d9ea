"""Cases (诉求): taken in once, found again, handed over when grids change."""
