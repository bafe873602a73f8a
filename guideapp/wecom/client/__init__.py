"""The one way to talk to WeCom: `client().contacts.detail(…)`. From jobs, never from a page."""

from guideapp.wecom.budget import budget
from guideapp.wecom.client.address_book import AddressBook
from guideapp.wecom.client.contacts import Contacts
from guideapp.wecom.client.media import Media
from guideapp.wecom.client.messages import Messages
from guideapp.wecom.limits import limits
from guideapp.wecom.tokens import App, address_book_app, credentials, our_app
from guideapp.wecom.transport import transport

__all__ = ["WeComClient", "client", "forget_process_state"]


class WeComClient:
    """The API families that an app may call. Every method raises a WeComError when it fails.

    Tokens, paging and repeats are hidden. Nothing may be called inside a transaction.
    """

    def __init__(self, app: App, sync_app: App | None = None) -> None:
        self.address_book = AddressBook(app, sync_app)
        self.contacts = Contacts(app)
        self.media = Media(app)
        self.messages = Messages(app)


def client() -> WeComClient:
    """The client of our self-built app. Cheap: connections and tokens belong to the process."""
    return WeComClient(our_app(), address_book_app())


def forget_process_state() -> None:
    """Begin as a fresh process does: no copied tokens, closed breakers (demo reset, tests)."""
    credentials.clear()
    limits.clear()
    budget.clear()
    transport.close()
