"""OpenTelemetry traces: a provider where the app has none, and spans where nobody else makes them.

Nothing here imports opentelemetry before it is needed.
"""
