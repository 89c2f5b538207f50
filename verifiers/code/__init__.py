"""Grading programs: `code`, `codeio` and `cruxeval`. Candidates run only in `sandboxes`. Start at
`verifier.py`."""
