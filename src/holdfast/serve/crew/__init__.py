"""Workers without Gunicorn: a small master of ours that forks them and starts them again.

It understands the signals that Gunicorn's understands, so that the supervisor need not know which one it has:
SIGTERM ends, SIGTTIN adds a worker, SIGTTOU takes the oldest away.
"""
