"""Rules about what blocks the event loop."""
