"""Work that must not run on the event loop: in threads, and in processes.

Both have a bounded number of slots and a bounded queue, and a slot is held until the work has really ended:
not until somebody stopped waiting for it.
"""
# Nothing is imported here: a worker process starts through this package, for every process anew.
