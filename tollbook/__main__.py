"""`python -m tollbook`: the command line."""

from tollbook.cli import main

main()
