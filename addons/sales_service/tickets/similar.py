"""How alike two subjects are, without records."""

import re

# Of the shorter subject's words, so many have to be in the other.
ENOUGH = 0.6

# Scripts that write without spaces are compared by pairs of characters.
_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"[{_WIDE}]+|[^\W{_WIDE}]+")
_HEADS = re.compile(
    r"^\s*((re|fw|fwd|aw|wg|回复|答复|转发)\s*[:：]\s*)+", re.IGNORECASE
)  # noqa: RUF001


def words(subject):
    """What a subject is compared by.

    >>> sorted(words("Re: Pump leaks!"))
    ['leaks', 'pump']
    >>> sorted(words("水泵漏水"))
    ['水泵', '泵漏', '漏水']
    """
    found = set()
    for word in _WORDS.findall(_HEADS.sub("", subject or "").casefold()):
        if re.match(f"[{_WIDE}]", word) and len(word) > 1:
            found |= {word[at : at + 2] for at in range(len(word) - 1)}
        else:
            found.add(word)
    return found


def similar(one, other):
    """Whether two subjects are about the same, as far as their words tell.

    >>> similar("Pump leaks again", "RE: pump leaks")
    True
    >>> similar("Pump leaks", "Invoice address")
    False
    """
    one, other = words(one), words(other)
    if not one or not other:
        return False
    return len(one & other) >= ENOUGH * min(len(one), len(other))


def shared(one, other):
    """How many words of a subject are in another.

    >>> shared("Pump leaks again", "Does the pump leak?")
    1
    """
    return len(words(one) & words(other))
