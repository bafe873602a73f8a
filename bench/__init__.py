"""Speed bars, measured: `make bench`, `make bench-large`. Each module measures one line or two."""
