"""The audit: what became of every requested rollout, and the means to prove it to others.

Audit          what the training loop calls: record, log, finish
step_metrics   what a step's groups alone can tell
"""

from rlvr.audit.book import Audit
from rlvr.audit.manifest import Origin, describe
from rlvr.audit.metrics import step_metrics

__all__ = ["Audit", "Origin", "describe", "step_metrics"]
