"""The gate: start the service as in production, load it, break its dependencies, decide."""
