"""Rules about queries."""
