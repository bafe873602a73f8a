"""Faults with real processes: what is killed, cut off, filled up or set wrong, and what came of it.

`house` starts everything, `wire` and `door` stand between the processes, `stream` makes events,
`truth` compares the product with WeCom afterwards. `python -m tests.faults.run` is the long run.
"""
