"""Pages by audience: the guide, the customer, headquarters."""
