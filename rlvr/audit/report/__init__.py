"""The report: facts gathered from the books, and the page, JSON and Markdown that show them."""
