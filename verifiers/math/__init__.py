"""The `math` verifier: is a final answer equal to the reference? Start reading at `verifier.py`."""
