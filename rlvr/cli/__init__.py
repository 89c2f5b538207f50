"""The command line. Verbs parse and print; what they do lives elsewhere."""
