"""What is known of a running service: the state board, and metrics made from it."""
