"""Pages made of several rooms, by audience."""
