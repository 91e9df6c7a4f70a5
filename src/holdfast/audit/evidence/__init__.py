"""Evidence from running: what stalls, loads and profiles say about what was found by reading."""
