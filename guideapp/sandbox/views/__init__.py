"""The sandbox's addresses: the API, the pages of the client, control, and the window."""
