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
* members      create, update, delete, delete_all; departments, member_tags, batch_jobs: what the
               address-book sync writes through the API
* contact_ways scan; link_customers click, spoke; acquisition console_deletes; transfers refuse,
               settle: what customers do with codes, links and handovers, and what time does
* switches     set_app, set_company: what an admin sets in the console
* tags         console_creates, console_updates, console_deletes, console_shuffles (customer tags)
* chat         customer_says, guide_says, member_sends, conversation, conversations, app_messages
* group_chats  found, dismiss, join, leave, edit, change_owner, set_admins; join_ways.scan
* mass_messages confirm, send_personal; moments publish, publish_personal, react, delete
* app_events   enter, use_menu, press_card, write …: what members do with the app itself
* welcome      console_greets, other_app_sends; campaign_rules.change: limits and waiting times
* outside_acts the acts of the last four lines by name, for events
* callbacks    enqueue, deliver_due, verify, start_thread
* faults       of_call, met, turn (what goes wrong on purpose); limits: place, lower (45009, 45033)
* client       invoke (what the client's bridge answers)
* events       raise_event(type, data, origin): the same acts by name, for the control address
"""
