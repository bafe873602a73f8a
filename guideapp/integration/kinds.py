"""Kinds of events that other systems may tell; each has a template of its own."""

SCAN_BUY, FITTING_ROOM = "scan_buy", "fitting_room"
KINDS = (SCAN_BUY, FITTING_ROOM)
