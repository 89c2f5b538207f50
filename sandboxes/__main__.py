"""`python -m sandboxes`: the command line, see `sandboxes.cli`."""

from sandboxes.cli import app

if __name__ == "__main__":
    app()
