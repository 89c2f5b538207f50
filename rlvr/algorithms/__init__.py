"""How rewards become advantages. One protocol, one table, one file per algorithm."""
