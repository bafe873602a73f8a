#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command named on the command line."""
    if sys.argv[1:2] == ["sandbox"]:  # runs alone: no database and no secret of the product
        os.environ["DJANGO_SETTINGS_MODULE"] = "guideapp.sandbox.alone.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guideapp.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
