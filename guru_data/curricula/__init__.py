"""In what order problems are learned: which domains now, which problems of an epoch, how long an answer."""
