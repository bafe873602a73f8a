"""/api/v1/: what other systems send and fetch."""
