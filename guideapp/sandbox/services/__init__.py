"""Everything that can happen in the played WeCom.

Each function is one act of a person in the client or the console, in one transaction; callbacks
are queued in it and go out after commit. `origin` ("http://127.0.0.1:8000") is the address that
the act came to and decides where its callbacks go; empty means SITE_URL. Refusals are
`sandbox.errors.Refused` with WeCom's own code.

* scenarios    load_scenario(name), load_data(data), reset()
* relations    customer_adds, guide_adds, guide_deletes, customer_deletes, guide_edits,
               transfer_fails, agrees_to_archive, new_customer
* directory    create_user, update_user, delete_user, create_department, update_department,
               delete_department
* tags         console_creates, console_updates, console_deletes, console_shuffles (customer tags)
* chat         customer_says, guide_says, member_sends, conversation, conversations, app_messages
* callbacks    enqueue, deliver_due, verify, start_thread
* client       invoke (what the client's bridge answers)
* events       raise_event(type, data, origin): the same acts by name, for the control address
"""
