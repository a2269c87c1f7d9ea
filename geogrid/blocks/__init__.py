"""Blocks (街区): from lines and buildings to the atomic pieces of land that grids are made of."""
