"""What upper rooms may listen to."""

from django.dispatch import Signal

# A call of the outbox is over: done, failed or uncertain. Sent inside the transaction that writes
# the state, so that what receivers enqueue stands or falls with it; receivers do no HTTP.
# kwargs: call_id int · kind str · state OutboxCall.State value
call_ended = Signal()
