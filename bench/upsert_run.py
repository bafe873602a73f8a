"""`python -m bench.upsert_run PART …`: parts of one nightly reading, answered from memory."""

import json
import sys
import time
from typing import cast

import django

from bench import environment
from bench.databases import EMPTY


def main() -> None:
    """Read these parts, then print how long it took."""
    environment.prepare(EMPTY.database)
    django.setup()
    from bench.played_contacts import PlayedContacts  # noqa: PLC0415 -- needs the settings
    from bench.upsert import CUSTOMERS_EACH  # noqa: PLC0415
    from guideapp.core.garbage import collect_seldom  # noqa: PLC0415
    from guideapp.members.services import reconcile  # noqa: PLC0415
    from guideapp.wecom.client.contacts import Contacts  # noqa: PLC0415

    played = PlayedContacts(guides=EMPTY.guides, customers_each=CUSTOMERS_EACH)
    collect_seldom()  # as a worker does
    began = time.monotonic()
    reconcile(cast(Contacts, played), parts=[int(part) for part in sys.argv[1:]])
    told = {"seconds": time.monotonic() - began, "answers": played.seconds}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
