"""Rules about what a service gives away, and to whom."""
