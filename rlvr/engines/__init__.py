"""Engines: what turns a prompt and weights into completions. Protocol in `base`, names in `registry`."""
