"""Rules about what is answered, and what it costs."""
