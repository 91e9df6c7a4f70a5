"""How a service leaves without losing what it has begun: the order as a table, and a worker's part in it.

`steps` is the table, `drain` what one app does, `here` the apps of this process for the server that leads
them, `bare` takes the signal where no supervisor does.
"""
