"""The admin port: probes, metrics and state of all workers, answered by the supervisor.

It answers while every loop of the service is blocked and while its door refuses.
"""
