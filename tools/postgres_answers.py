"""Exit 0 when a PostgreSQL on the standard local port lets us in, 1 otherwise."""

import getpass
import sys

import psycopg

try:
    psycopg.connect(
        host="127.0.0.1", port=5432, user=getpass.getuser(), dbname="postgres", connect_timeout=2
    ).close()
except psycopg.OperationalError:
    sys.exit(1)
