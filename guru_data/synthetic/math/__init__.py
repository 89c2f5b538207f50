"""Mathematics: from column addition to systems of equations, graded by `math`."""
