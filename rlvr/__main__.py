"""`python -m rlvr` is `rlvr`."""

from rlvr.cli.app import main

if __name__ == "__main__":
    main()
