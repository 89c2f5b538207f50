"""Reinforcement learning with verifiable rewards, as a cluster.

problems -> rollouts -> verdicts -> rewards -> advantages -> batch -> weights

Start reading at `rlvr.train` (the loop) and `rlvr.wire` (what it is made of).
"""

__version__ = "0.1.0"
