"""Rules about what metrics and logs are told."""
