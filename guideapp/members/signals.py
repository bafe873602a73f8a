"""What upper rooms may listen to."""

from django.dispatch import Signal

# A customer and a guide became friends. Sent inside the transaction that handles the event, so that
# what receivers write (the welcome, a suggestion) stands or falls with the relation; receivers do
# no HTTP. WeCom repeats events, and so is this: receivers key their effects by the welcome code or
# by `event_at`.
# kwargs: follow_id int · welcome_code str ('' when WeCom gave none) · state str · event_at datetime
contact_added = Signal()

# A relation ended. Sent on commit, once per relation.
# kwargs: follow_id int · reason FollowRelation.EndReason value · at datetime
contact_left = Signal()
