"""The welcome message: greeting a new customer, what became of it, and its editing."""

from guideapp.acquisition.services.greeting import CALL, content_of, greet, message_for
from guideapp.acquisition.services.messages import (
    Figures,
    Place,
    places,
    save_message,
    switch_message,
)
from guideapp.acquisition.services.outcome import (
    Welcome,
    settle,
    settle_call,
    suggest_first_contact,
)

__all__ = [
    "CALL",
    "Figures",
    "Place",
    "Welcome",
    "content_of",
    "greet",
    "message_for",
    "places",
    "save_message",
    "settle",
    "settle_call",
    "suggest_first_contact",
    "switch_message",
]
