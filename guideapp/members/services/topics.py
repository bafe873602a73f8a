"""What may not be noted about a customer: a list of words by topic (敏感个人信息)."""

import json
from pathlib import Path

from guideapp.core.word_search import Searcher
from guideapp.members.errors import TopicRefused
from guideapp.members.models import ForbiddenTopic

_DEFAULTS = Path(__file__).parent.parent / "topics.json"


def require_allowed(text: str) -> None:
    """Raise TopicRefused, naming the first word and its topic, when `text` holds a listed word.

    Width and case hide no word. The list is short and notes are few: it is read each time.
    """
    hits = Searcher(ForbiddenTopic.objects.values_list("word", "topic")).hits(text)
    if hits:
        raise TopicRefused(hits[0].word, ForbiddenTopic.Topic(hits[0].category).label)


def add_topic_word(word: str, topic: str) -> ForbiddenTopic:
    """Put a word (≤ 32) on the list; one that is there already takes the topic."""
    row, _is_new = ForbiddenTopic.objects.update_or_create(
        word=word.strip()[:32], defaults={"topic": ForbiddenTopic.Topic(topic)}
    )
    return row


def remove_topic_word(pk: int) -> None:
    """Take a word off the list; not there is fine."""
    ForbiddenTopic.objects.filter(pk=pk).delete()


def load_default_topics() -> int:
    """Put the words of topics.json on the list; how many were not there. Again adds nothing."""
    by_topic: dict[str, list[str]] = json.loads(_DEFAULTS.read_text(encoding="utf-8"))
    known = set(ForbiddenTopic.objects.values_list("word", flat=True))
    rows = [
        ForbiddenTopic(word=word, topic=topic)
        for topic, words in by_topic.items()
        for word in words
        if word not in known
    ]
    ForbiddenTopic.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
