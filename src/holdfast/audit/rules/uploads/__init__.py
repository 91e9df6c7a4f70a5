"""Rules about files that clients send."""
