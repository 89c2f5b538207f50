"""Worker processes that grade: killable, restartable, bounded. `pool.py` is the way in."""
