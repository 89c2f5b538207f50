"""Prepare a training set: sources in, one cleaned folder with its manifest out."""

from guru_data.prepare.config import CleanConfig, PrepareConfig, load_prepare_config
from guru_data.prepare.run import Prepared, prepare

__all__ = ["CleanConfig", "PrepareConfig", "Prepared", "load_prepare_config", "prepare"]
