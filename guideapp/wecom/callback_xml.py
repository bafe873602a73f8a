"""Read the small XML of a callback: elements and texts, nothing that a parser could be led by."""

from typing import NoReturn
from xml.parsers import expat

from guideapp.wecom.errors import BadEnvelope

_DEEPEST = 8


def read_elements(xml: bytes) -> dict[str, str]:
    """Element name → text, for the children of the root; CDATA or plain.

    Elements inside others are named `Outer.Inner`; several of one name are joined by commas.
    Raises BadEnvelope for broken XML, a DTD, or elements nested deeper than any event has.
    """
    parser = expat.ParserCreate()
    reader = _Reader()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError):  # the latter two: an encoding of no use
        raise BadEnvelope from None
    return reader.elements


class _Reader:
    """Follows the parser down and up."""

    def __init__(self) -> None:
        self.elements: dict[str, str] = {}
        self._path: list[str] = []
        self._texts: list[str] = []
        self._is_leaf = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        """A level down."""
        if len(self._path) == _DEEPEST:
            raise BadEnvelope
        self._path.append(name)
        self._texts = []
        self._is_leaf = True

    def text(self, text: str) -> None:
        """A piece of the innermost element's text."""
        self._texts.append(text)

    def end(self, _name: str) -> None:
        """A level up; keep the text of an element that holds no others."""
        if self._is_leaf and len(self._path) > 1:
            key, text = ".".join(self._path[1:]), "".join(self._texts)
            known = self.elements.get(key)
            self.elements[key] = text if known is None else f"{known},{text}"
        self._is_leaf = False
        self._path.pop()


def _refuse(*_: object) -> NoReturn:
    raise BadEnvelope
