"""Rules about the service as a whole."""
