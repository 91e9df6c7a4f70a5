"""A service with MongoDB."""
