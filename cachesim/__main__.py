"""`python -m cachesim` is the command line."""

from cachesim.cli import main

if __name__ == "__main__":
    main()
