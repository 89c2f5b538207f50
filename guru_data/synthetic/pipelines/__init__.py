"""Programs composed of steps that are at once words, Python and a value; for `code` and `simulation`."""
