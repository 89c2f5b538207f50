"""The audit: what became of every requested rollout, and the means to prove it to others.

    Audit          what the training loop calls: record, log, finish
    describe       what a run is made from, for its manifest
    step_metrics   what a step's groups alone can tell

| room | what is in it |
|---|---|
| `books/` | what a run leaves, and the check of it |
| `asking/` | the books in SQL |
| `opinions/` | other verifiers' verdicts on recorded rollouts |
| `detectors/` | known tricks, looked for in each response |
| `gates/` | what a run must hold up to |
| `report/` | the page that shows all this |
| `exchange/` | rollouts from and for others |
"""

from rlvr.audit.book import Audit
from rlvr.audit.books.manifest import Origin, describe
from rlvr.audit.books.metrics import step_metrics

__all__ = ["Audit", "Origin", "describe", "step_metrics"]
