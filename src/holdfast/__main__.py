"""`python -m holdfast`: the same as the `holdfast` command."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from holdfast.cli import main

        code = main()
    except KeyboardInterrupt:  # while importing: `main` itself answers those that come later
        code = 130
    sys.exit(code)
