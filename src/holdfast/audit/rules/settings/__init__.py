"""Rules about how the service is started and run."""
