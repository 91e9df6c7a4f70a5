"""The supervisor: `core` decides (pure), `view` looks at the board, `shell` does."""
