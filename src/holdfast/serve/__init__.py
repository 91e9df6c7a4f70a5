"""Running a service under supervision.

A small process that never imports the app starts Gunicorn as its child, or a master of our own for Uvicorn
and Granian. It watches the workers over the state board and answers probes on the admin port whatever they
do; it has the boot deadline, the drain, the replacement of workers and the one right to kill.
"""
