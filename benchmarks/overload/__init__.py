"""What a service keeps of its peak when more arrives than it can serve: `python -m benchmarks.overload`.

One service: 1 ms of CPU, 20 ms awaited, 1 ms of CPU a request. Its workers have one core, the load another;
2,000 kept-alive connections are open before the first request, and requests arrive whether or not others
have been answered (open model). One that finds no connection free is not sent and counts as not answered.
Good is a 200 within the objective of 500 ms from the moment at which the request was due.
"""
