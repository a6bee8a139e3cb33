"""`python -m web` is `allears`, for places where the script is not on the path."""

from web.cli import main

main()
