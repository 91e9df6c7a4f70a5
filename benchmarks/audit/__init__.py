"""What the audit finds of known defects, and how fast it reads: holdfast, Ruff and flake8-async."""
