"""Tables in Markdown, read and reckoned with, graded by `table`."""
