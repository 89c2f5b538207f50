"""Faults planted in the real training loop, and whether the audit finds them: see `faults.FAULTS`."""
