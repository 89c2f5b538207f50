"""The audit: what became of every requested rollout, and the means to prove it to others.

    Audit          what the training loop calls: record, log, finish
    describe       what a run is made from, for its manifest
    step_metrics   what a step's groups alone can tell

`ledger.py` writes the rows, `check.py` proves them, `report.py` shows them.
"""

from rlvr.audit.book import Audit
from rlvr.audit.manifest import Origin, describe
from rlvr.audit.metrics import step_metrics

__all__ = ["Audit", "Origin", "describe", "step_metrics"]
