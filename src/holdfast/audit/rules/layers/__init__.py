"""Rules about what wraps every request."""
