"""Questions of forms: which there are, and what is an answer to one."""

import math
import re
import unicodedata
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

KINDS = [
    ("char", "Short text"),
    ("text", "Long text"),
    ("integer", "Whole number"),
    ("float", "Decimal number"),
    ("boolean", "Tick box"),
    ("date", "Date"),
    ("datetime", "Date and time"),
    ("selection", "One of several"),
    ("tags", "Some of several"),
    ("photo", "Photo"),
    ("file", "File"),
    ("signature", "Signature"),
]
# What is answered by a file.
FILES = ("photo", "file", "signature")
# What has options to choose from.
CHOICES = ("selection", "tags")

# From when on an answer is needed, in the order of the way.
INTAKE, START, RESOLVE = "intake", "start", "resolve"
MOMENTS = [
    (INTAKE, "On intake"),
    (START, "Before the work starts"),
    (RESOLVE, "Before it is resolved"),
]
_WAY = [moment for moment, _label in MOMENTS]

# So many characters of an answer, and whole numbers that JSON keeps exact.
_LENGTHS = {"char": 250, "text": 10_000}
_LARGEST = 2**53
_KEY = 40

# What customers may send, by the type that a file has by its content.
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
TYPES = IMAGES | {
    "application/pdf",
    "application/zip",
    "text/plain",
    "text/csv",
    "video/mp4",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Of one file, in bytes, and of how many to one question.
LARGEST = 10 * 1024 * 1024
MOST = 10


class WrongAnswer(ValueError):
    """What was given is no answer to the question."""


def needed(moment):
    """The moments until then, at all of which an answer may have been needed.

    >>> needed("start")
    ['intake', 'start']
    """
    return _WAY[: _WAY.index(moment) + 1]


def lines(text):
    """The options of a text with one a line, each once.

    >>> lines(" Red\\n\\nBlue\\nRed")
    ['Red', 'Blue']
    """
    stripped = (line.strip() for line in (text or "").splitlines())
    return list(dict.fromkeys(filter(None, stripped)))


def make_key(name, taken):
    """A name of a question for machines, that is not taken.

    >>> make_key("Serial number?", set())
    'serial_number'
    >>> make_key("Serial number?", {"serial_number"})
    'serial_number_2'
    >>> make_key("序列号", set())
    'question'
    """
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore")
    key = re.sub(r"[^a-z0-9]+", "_", plain.decode().lower()).strip("_")[:_KEY]
    # Odoo takes names that end so for formatted text.
    key = re.sub(r"(_html)+$", "", key) or "question"
    number, result = 1, key
    while result in taken:
        number += 1
        result = f"{key}_{number}"
    return result


def definition(key, name, kind, options):
    """Of a question, as Odoo's properties have it."""
    result = {"name": key, "string": name, "type": kind}
    if kind == "selection":
        result["selection"] = [[option, option] for option in options]
    elif kind == "tags":
        result["tags"] = [
            [option, option, 1 + number % 11] for number, option in enumerate(options)
        ]
    return result


def given(value):
    """Values by name, of whichever form of Odoo's properties was written.

    >>> given([{"name": "a", "type": "char", "value": "x"}, {"name": "b"}])
    {'a': 'x', 'b': False}
    """
    if not value:
        return {}
    if isinstance(value, list):
        return {
            one["name"]: one.get("value", False)
            for one in value
            if isinstance(one, dict) and one.get("name")
        }
    return dict(getattr(value, "_values", value) or {})


def checked(kind, value, options=()):
    """An answer as it is stored, ``None`` where there is none.

    A box that is not ticked is no answer; the number 0 is one.

    :param options: what there is to choose from
    :raise WrongAnswer: for what is of another kind
    """
    if value is None or value is False:
        return None
    if kind in FILES:
        raise WrongAnswer
    return _CHECKS[kind](kind, value, options)


def _text(kind, value, _options):
    if not isinstance(value, str):
        raise WrongAnswer
    value = value.replace("\x00", "").strip()
    if len(value) > _LENGTHS[kind] or (kind == "char" and len(value.splitlines()) > 1):
        raise WrongAnswer
    return value or None


def _number(kind, value, _options):
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongAnswer
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise WrongAnswer
    if kind == "float":
        return value
    if value != int(value):
        raise WrongAnswer
    return int(value)


def _box(_kind, value, _options):
    if value is not True:
        raise WrongAnswer
    return True


def _day(kind, value, _options):
    if value == "":
        return None
    try:
        if kind == "date":
            day = value if isinstance(value, date) else date.fromisoformat(value)
            return day.strftime("%Y-%m-%d")
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise WrongAnswer from error
    if moment.tzinfo:
        raise WrongAnswer
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _choice(kind, value, options):
    if not value:
        return None
    if kind == "selection":
        if value not in options:
            raise WrongAnswer
        return value
    if not isinstance(value, list | tuple) or any(one not in options for one in value):
        raise WrongAnswer
    return [option for option in options if option in value]


_CHECKS = {
    **dict.fromkeys(("char", "text"), _text),
    **dict.fromkeys(("integer", "float"), _number),
    "boolean": _box,
    **dict.fromkeys(("date", "datetime"), _day),
    **dict.fromkeys(CHOICES, _choice),
}


def parsed(kind, texts, options=(), timezone="UTC"):
    """An answer as it is stored, from what a form in a browser sends.

    :param list texts: what was entered; of a box ``["on"]``
    :param timezone: of moments
    :raise WrongAnswer: for what is of another kind
    """
    texts = [text for text in texts if text.strip()]
    if not texts:
        return None
    if kind == "tags":
        return checked(kind, texts, options)
    [text] = texts[:1]
    try:
        if kind == "boolean":
            value = True
        elif kind == "integer":
            value = int(text)
        elif kind == "float":
            value = float(text.replace(",", "."))
        elif kind == "datetime":
            moment = datetime.fromisoformat(text)
            if moment.tzinfo:
                raise WrongAnswer
            local = moment.replace(tzinfo=ZoneInfo(timezone))
            value = local.astimezone(UTC).replace(tzinfo=None)
        else:
            value = text
    except (OverflowError, ValueError) as error:
        raise WrongAnswer from error
    return checked(kind, value, options)
