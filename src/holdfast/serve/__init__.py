"""Running a service under supervision.

A small process that never imports the app starts Gunicorn as its child, watches the workers over the state
board, answers probes on the admin port whatever the workers do, and has the boot deadline, the drain and the
one right to kill.
"""
