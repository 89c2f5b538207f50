"""Rollouts that another trainer wrote down become a run of ours, so that its rewards can be audited.

    FORMAT + PATH + Asked --import_run--> run directory

The tools of the audit then work on it as on any run; what the dump does not tell stays null.
"""

from rlvr.audit.exchange.importing.base import FORMATS, Asked, LeftOut
from rlvr.audit.exchange.importing.writer import ImportResult, import_run

__all__ = ["FORMATS", "Asked", "ImportResult", "LeftOut", "import_run"]
