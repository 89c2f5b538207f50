"""Questions to the books in SQL: the views they are asked over, and the questions worth a name."""
