"""Rules about clients, engines and their limits."""
