"""Rules about what grows in memory."""
