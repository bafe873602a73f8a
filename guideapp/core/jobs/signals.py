"""What the ledger announces."""

from django.dispatch import Signal

# kwargs: task (dotted path), args (list), error (last line of the traceback).
# Sent inside the transaction that gives the job up, so that a row which waits for it can say so.
job_died = Signal()
