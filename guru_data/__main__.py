"""`python -m guru_data`; see `guru_data.cli`."""

from guru_data.cli import main

main()
