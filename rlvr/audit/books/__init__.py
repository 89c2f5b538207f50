"""What a run leaves, written while it goes on and checked afterwards: ledger, chain, manifest, metrics."""
