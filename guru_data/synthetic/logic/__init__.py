"""Logic: orders, zebra puzzles, paths and grids, graded by `ordering`, `zebra`, `graph` and `arc`."""
