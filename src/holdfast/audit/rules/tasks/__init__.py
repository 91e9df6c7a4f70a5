"""Rules about work that outlives its request."""
