"""`python -m verifiers`."""

from verifiers.cli import app

if __name__ == "__main__":
    app(prog_name="verifiers")
