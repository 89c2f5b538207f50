"""Science: quantities and formulas, graded by `stem`, and multiple choice, graded by `choice`."""
