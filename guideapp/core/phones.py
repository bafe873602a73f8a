"""Phone numbers as people write them, and as they are kept."""

import phonenumbers


def e164(text: str) -> str | None:
    """`138 0000 2046` → `+8613800002046`; '' stays '', what is no phone number is None.

    Without a country code it is read as a mainland number.
    """
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
