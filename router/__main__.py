"""`python -m router` is `omnirouter`."""

from router.cli import main

if __name__ == "__main__":
    main()
