"""What a letter says about itself, without records."""

import codecs
import re
from email.message import EmailMessage
from email.policy import compat32

SUBJECT_LENGTH = 250

# Names of charsets that programs write and no codec has, as do x-gbk and cp-1251.
_CHARSETS = {"iso-8859-8-i": "iso-8859-8", "unicode-1-1-utf-7": "utf-7"}
# Charsets that are named where one that holds them is meant.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030"}
# What is tried where the name says nothing: both refuse what is neither.
_GUESSES = ("utf-8", "gb18030")
_NO = ("", "no", "false", "0")
_ROBOTS = ("x-autoreply", "x-autorespond", "x-autoreply-from")
_PRECEDENCE = ("bulk", "junk", "auto_reply")


def _value(message, name):
    """The first word of a header field, without comment and parameters."""
    text = str(message.get(name) or "")
    return re.split(r"[;(\s]", text.strip(), maxsplit=1)[0].lower()


def automatic(message):
    """Whether a program wrote the letter by itself: the header that says so, or None.

    RFC 3834, and what programs wrote before it. ``X-Auto-Response-Suppress: OOF`` alone
    is no sign: programs set it on what people write, to be spared answers. Neither is
    ``Precedence: list``: an address that hands on to a team is a list.

    >>> letter = EmailMessage()
    >>> letter["Auto-Submitted"] = "auto-replied (vacation)"
    >>> automatic(letter)
    'Auto-Submitted'
    """
    if _value(message, "Auto-Submitted") not in _NO:
        return "Auto-Submitted"
    suppress = str(message.get("X-Auto-Response-Suppress") or "").lower()
    if {"all", "autoreply"} & set(re.findall(r"\w+", suppress)):
        return "X-Auto-Response-Suppress"
    if _value(message, "Precedence") in _PRECEDENCE:
        return "Precedence"
    for name in _ROBOTS:
        if _value(message, name) not in _NO:
            return name.title()
    if _value(message, "Return-Path") == "<>":
        return "Return-Path"
    return None


def subject_line(text):
    """A subject as the name of a ticket: one line, not endless; "" where it is empty.

    >>> subject_line(" pump\\r\\n\\tleaks ")
    'pump leaks'
    """
    line = " ".join(printable(text).split())
    if len(line) > SUBJECT_LENGTH:
        line = line[: SUBJECT_LENGTH - 1] + "…"
    return line


def printable(text):
    """Without what the database cannot keep: NUL and halves of characters."""
    return re.sub("[\0\ud800-\udfff]", "", text or "")


def words(subject):
    """What may be a number of a ticket in a subject, in order.

    >>> words("Re: [T00012] pump, 水泵T00013")
    ['Re', 'T00012', 'pump', '水泵T00013', 'T00013']
    """
    found = []
    for word in re.findall(r"[\w/-]+", subject or ""):
        found.append(word)
        # Scripts without spaces leave none before the number either.
        found += [part for part in re.findall(r"[!-~]+", word) if part != word]
    return found


def make_readable(message):
    """Mend what Python's parser, and with it Odoo's gateway, stumbles over.

    Parts of text whose charset nobody knows, or whose bytes are not in it, are given
    one by which they can be read; a type that is none becomes plain text.
    """
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.get_content_type() == "*/*":
            part.replace_header("Content-Type", "text/plain; charset=utf-8")
        if part.get_content_maintype() == "text":
            _name_charset(part)


def _name_charset(part):
    named = str(part.get_param("charset", "") or "").strip().lower()
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return
    wanted = _CHARSETS.get(named) or re.sub("^x-|(?<=^cp)-", "", named)
    for charset in (wanted, _WIDER.get(wanted), *_GUESSES):
        if charset and _holds(payload, charset):
            break
    else:
        # Not readable by any: what is readable of it is kept.
        charset = wanted if _is_known(wanted) else "utf-8"
    if charset != named:
        part.set_param("charset", charset)


def _is_known(charset):
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True


def _holds(payload, charset):
    try:
        payload.decode(charset)
    except (LookupError, UnicodeError):
        return False
    return True


def enclosed(message):
    """A letter around one that cannot be read, which is its attachment."""
    fields = {name.lower(): value for name, value in message.raw_items()}
    letter = EmailMessage()
    for name in ("Message-Id", "From", "To", "Delivered-To", "Subject", "References"):
        value = fields.get(name.lower())
        if value:
            letter[name] = " ".join(
                str(value)
                .encode("utf-8", "surrogateescape")
                .decode("ascii", "replace")
                .split()
            )
    letter.set_content("")
    letter.add_attachment(
        message.as_bytes(policy=compat32),
        maintype="application",
        subtype="octet-stream",
        filename="letter.eml",
    )
    return letter
