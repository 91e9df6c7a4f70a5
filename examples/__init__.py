"""Services that show what holdfast does, each run and judged by its own gate."""
