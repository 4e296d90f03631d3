"""Letters as they come in: 500 of them, odd in the ways that real ones are.

The same seed makes the same letters. Each holds a mark by which it is found again.
"""

import base64
import quopri
import random
from dataclasses import dataclass, field
from email.header import Header

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
# Where the number of a ticket goes that is known on sending only.
NUMBER = b"NUMBER-OF-TICKET"
TEXTS = {
    "utf-8": "水泵漏水 – помпа тече 💧",
    "gb18030": "水泵漏水，请尽快处理㐂",
    "gbk": "水泵漏水，请尽快处理",
    "gb2312": "水泵漏水，请尽快处理",
    "big5": "水泵漏水，請盡快處理",
    "koi8-r": "Насос течёт, пришлите мастера",
    "windows-1251": "Насос течёт, пришлите мастера",
    "shift_jis": "ポンプから水が漏れます",
    "iso-2022-jp": "ポンプから水が漏れます",
    "euc-kr": "펌프에서 물이 샙니다",
    "iso-8859-1": "La pompe fuit déjà",
    "iso-8859-8": "המשאבה דולפת",
    "utf-7": "水泵漏水 déjà",
    "utf-16": "水泵漏水 déjà",
}
# Names that no codec has, and what the sender's program meant by them.
MISNAMED = {
    "x-gbk": "gbk",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-sjis": "shift_jis",
    "cp-1251": "windows-1251",
    "utf8mb4": "utf-8",
    "x-unknown": "utf-8",
    "unknown-8bit": "gb18030",
}
AUTOMATIC = (
    b"Auto-Submitted: auto-replied",
    b"Auto-Submitted: auto-generated (vacation)",
    b"X-Auto-Response-Suppress: All",
    b"X-Auto-Response-Suppress: DR, OOF, AutoReply",
    b"Precedence: bulk",
    b"Precedence: auto_reply",
    b"Precedence: Junk",
    b"X-Autoreply: yes",
    b"X-Autorespond: Out of office",
    b"Return-Path: <>",
)
# What a person's letter may carry all the same.
HARMLESS = (
    b"Auto-Submitted: no",
    b"X-Auto-Response-Suppress: OOF",
    b"Precedence: list",
    b"X-Autoreply: no",
    b"Return-Path: <bounces+7@lists.example.org>",
)


@dataclass
class Letter:
    """
    ``raw``     as it comes over the wire
    ``fate``    what has to become of it: new, reply, ignored, again
    ``mark``    in its text, in no other's
    ``text``    what is read in it besides, whatever the encoding was
    ``files``   names of its attachments
    ``about``   for a reply, the number of the letter that it answers
    """

    raw: bytes
    fate: str
    mark: str
    text: str = ""
    files: list = field(default_factory=list)
    about: int | None = None


class Post:
    """Writes the letters.

    :param to: the team's address
    :param own: another of our addresses
    """

    def __init__(self, to, own, seed=7):
        self.to, self.own = to.encode(), own.encode()
        self.random = random.Random(seed)
        self.letters = []

    def compose(self, count=500):
        makers = [
            *[self.plain] * 4,
            *(self.misnamed, self.wrongly_named, self.html_only, self.nested),
            *(self.tnef, self.calendar, self.forwarded, self.odd_subject),
            *(self.broken, self.harmless),
            *[self.reply] * 3,
            *(self.by_number, self.number_of_other, self.automatic, self.loop),
            *(self.again, self.bounce),
        ]
        for number in range(count):
            # Each kind in turn at first, so that none is left out.
            if number < 10:
                make = self.plain
            elif number < 10 + len(makers):
                make = makers[number - 10]
            else:
                make = self.random.choice(makers)
            self.letters.append(make(number))
        return self.letters

    # The parts of a letter

    def mark(self, number):
        return f"mark{number:05d}"

    def sender(self, number):
        return b"person%d@customer%d.example.com" % (number, number)

    def head(self, number, subject, *more, sender=None, to=None):
        lines = [
            b"Message-Id: <letter-%d@example.com>" % number,
            b"Date: Mon, 02 Nov 2026 %02d:%02d:00 +0800" % (number % 24, number % 60),
            b"From: " + (sender or b"Person %d <%s>" % (number, self.sender(number))),
            b"To: " + (to or self.to),
            b"Subject: " + subject,
            b"MIME-Version: 1.0",
            *more,
        ]
        return b"\r\n".join(lines)

    def subject(self, text, charset):
        """As one or more encoded words, or raw where a program is that careless."""
        if charset in ("utf-7", "utf-16") or self.random.random() < 0.2:
            return text.encode()
        return Header(text, charset, maxlinelen=60).encode().encode("ascii", "replace")

    def encoded(self, payload):
        """The payload and its header, in one of the ways to send it."""
        way = self.random.choice((b"base64", b"quoted-printable", b"8bit"))
        if way == b"base64":
            payload = base64.encodebytes(payload).replace(b"\n", b"\r\n")
        elif way == b"quoted-printable":
            payload = quopri.encodestring(payload)
        elif b"\0" in payload:
            return self.encoded(payload)
        return payload, b"Content-Transfer-Encoding: " + way

    def text_part(self, text, charset, named=None, kind=b"plain"):
        payload, transfer = self.encoded(text.encode(charset))
        return b"\r\n".join(
            [
                b"Content-Type: text/%s; charset=%s"
                % (kind, (named or charset).encode()),
                transfer,
                b"",
                payload,
            ]
        )

    def file_part(self, name, content, kind=b"application/octet-stream", *more):
        return b"\r\n".join(
            [
                b'Content-Type: %s; name="%s"' % (kind, name),
                b"Content-Transfer-Encoding: base64",
                *(more or [b'Content-Disposition: attachment; filename="%s"' % name]),
                b"",
                base64.encodebytes(content).replace(b"\n", b"\r\n"),
            ]
        )

    def many(self, kind, *parts):
        edge = b"edge-%d" % self.random.randrange(10**9)
        return b"\r\n".join(
            [
                b'Content-Type: multipart/%s; boundary="%s"' % (kind, edge),
                b"",
                *(b"--%s\r\n%s" % (edge, part) for part in parts),
                b"--%s--" % edge,
                b"",
            ]
        )

    def note(self, number):
        return f"Please help, {self.mark(number)}"

    # Letters that become tickets

    def plain(self, number):
        charset = self.random.choice(list(TEXTS))
        text = TEXTS[charset]
        return Letter(
            self.head(number, self.subject(text, charset))
            + b"\r\n"
            + self.text_part(f"{self.note(number)} {text}\r\n", charset),
            "new",
            self.mark(number),
            text,
        )

    def misnamed(self, number):
        named = self.random.choice(list(MISNAMED))
        text = TEXTS[MISNAMED[named]]
        return Letter(
            self.head(number, b"=?%s?B?aGVscA==?=" % named.encode())
            + b"\r\n"
            + self.text_part(
                f"{self.note(number)} {text}", MISNAMED[named], named=named
            ),
            "new",
            self.mark(number),
            text,
        )

    def wrongly_named(self, number):
        """What the header says is not what is inside."""
        really, named = self.random.choice(
            (("gb18030", "gb2312"), ("gbk", "utf-8"), ("utf-8", "us-ascii"))
        )
        text = TEXTS[really]
        return Letter(
            self.head(number, b"help")
            + b"\r\n"
            + self.text_part(f"{self.note(number)} {text}", really, named=named),
            "new",
            self.mark(number),
            text,
        )

    def html_only(self, number):
        text = TEXTS["gb18030"]
        opening = self.random.choice(
            ("", '<?xml version="1.0" encoding="utf-8"?>', "<!-- sent by a program -->")
        )
        html = (
            f"{opening}<html><head><style>p {{color: red}}</style></head><body>"
            f"<script>alert(1)</script><p>{self.note(number)} {text}</p></body></html>"
        )
        return Letter(
            self.head(number, self.subject(text, "gb18030"))
            + b"\r\n"
            + self.text_part(html, "gb18030", kind=b"html"),
            "new",
            self.mark(number),
            text,
        )

    def nested(self, number):
        """mixed(related(alternative(text, html), image), file)"""
        html = f"<p>{self.note(number)}</p><img src='cid:pixel{number}'/>"
        body = self.many(
            b"mixed",
            self.many(
                b"related",
                self.many(
                    b"alternative",
                    self.text_part(self.note(number), "utf-8"),
                    self.text_part(html, "utf-8", kind=b"html"),
                ),
                self.file_part(
                    b"pixel.png",
                    PIXEL,
                    b"image/png",
                    b"Content-Id: <pixel%d>" % number,
                    b'Content-Disposition: inline; filename="pixel.png"',
                ),
            ),
            self.file_part(
                b"=?gbk?B?%s?=" % base64.b64encode("照片.txt".encode("gbk")),
                b"hello",
                b"text/plain",
            ),
        )
        return Letter(
            self.head(number, b"Photo") + b"\r\n" + body,
            "new",
            self.mark(number),
            "/web/image/",
            ["pixel.png", "照片.txt"],
        )

    def tnef(self, number):
        body = self.many(
            b"mixed",
            self.text_part(self.note(number), "windows-1251"),
            self.file_part(
                b"winmail.dat", b"\x78\x9f\x3e\x22" + b"\0" * 40, b"application/ms-tnef"
            ),
        )
        return Letter(
            self.head(number, b"From Outlook") + b"\r\n" + body,
            "new",
            self.mark(number),
            files=["winmail.dat"],
        )

    def calendar(self, number):
        event = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
        body = self.many(
            b"alternative",
            self.text_part(self.note(number), "utf-8"),
            b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(event),
        )
        return Letter(
            self.head(number, b"Invitation") + b"\r\n" + body,
            "new",
            self.mark(number),
            files=["attachment"],
        )

    def forwarded(self, number):
        inner = (
            b"From: =?x-nothing?B?aGVscA==?= <a@b.example>\r\nSubject: \xe6\xb0\xb4\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n\r\nthe first \xb0\xb4\r\n"
        )
        body = self.many(
            b"mixed",
            self.text_part(self.note(number), "utf-8"),
            b"Content-Type: message/rfc822\r\n"
            b'Content-Disposition: attachment; filename="first.eml"\r\n\r\n' + inner,
        )
        return Letter(
            self.head(number, b"Fwd: help") + b"\r\n" + body,
            "new",
            self.mark(number),
            files=["first.eml"],
        )

    def odd_subject(self, number):
        subject = self.random.choice(
            (
                b"",
                b" ",
                b"pump " * 1200,
                b"pump\r\n leaks\r\n\tagain",
                b"=?utf-8?Q?broken_=E6=B0?= =?utf-8?Q?=B4_word?=",
                b"=?gb2312?B?xOO6wx?=",
                b"\xe6\xb0\xb4\xe6\xb3\xb5 raw",
                b"\xcb\xae\xb1\xc3 raw gbk",
                b"<b>bold</b> & \"quoted\" '%s' %(name)s {0}",
            )
        )
        return Letter(
            self.head(number, subject)
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "new",
            self.mark(number),
        )

    def broken(self, number):
        """What no program should send, and some do."""
        mark, note = self.mark(number), self.note(number).encode()
        head = self.head(number, b"broken")
        plain = b"Content-Type: text/plain; charset=utf-8\r\n"
        raw = self.random.choice(
            (
                # No blank line after the last header field, no end of the parts
                head
                + b'\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
                + plain
                + b"\r\n"
                + note,
                head
                + b"\r\n"
                + plain
                + b"Content-Transfer-Encoding: x-nothing\r\n\r\n"
                + note,
                head
                + b"\r\n"
                + plain
                + b"Content-Transfer-Encoding: base64\r\n\r\n"
                + base64.b64encode(note).rstrip(b"=")
                + b"!",
                head + b"\r\n" + plain + b"\r\n" + note + b" \0 \x0b \x1f",
                head
                + b"\r\nContent-Type: */*\r\nContent-Disposition: inline\r\n\r\n"
                + note,
                head + b"\r\nContent-Type: text\r\n\r\n" + note,
                head + b"\r\nContent-Type: text/html; charset=\r\n\r\n" + note,
                head.replace(b"MIME-Version: 1.0", b"Received: x") + b"\r\n\r\n" + note,
                head.replace(b"Date: Mon, 02 Nov", b"Date: 99 Moon")
                + b"\r\n"
                + plain
                + b"\r\n"
                + note,
                head.replace(b"From: Person", b"From: Person, Second; (x")
                + b"\r\n"
                + plain
                + b"\r\n"
                + note,
                head.replace(
                    b"To: " + self.to,
                    b"To: undisclosed-recipients:;\r\nDelivered-To: " + self.to,
                )
                + b"\r\n"
                + plain
                + b"\r\n"
                + note,
                head.replace(b"From: Person", b"From: =?gb2312?B?1cXI/Q==?= \"'")
                + (b"\r\n" + plain + b"\r\n" + note),
                head.replace(b"To: ", b"Cc: <>, ;, @x, a@b@c\r\nTo: ")
                + b"\r\n"
                + plain
                + b"\r\n"
                + note,
            )
        )
        return Letter(raw, "new", mark)

    def harmless(self, number):
        return Letter(
            self.head(number, b"From a person", self.random.choice(HARMLESS))
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "new",
            self.mark(number),
        )

    # Letters that do not

    def started(self):
        """One that became a ticket, and whose headers are what they should be."""
        return self.random.choice(
            [
                number
                for number, letter in enumerate(self.letters)
                if letter.fate == "new" and b"Subject: broken" not in letter.raw
            ]
        )

    def reply(self, number):
        about = self.started()
        reference = b"<letter-%d@example.com>" % about
        header = self.random.choice(
            (
                b"In-Reply-To: " + reference,
                b"References: <other@example.com>\r\n " + reference,
                b"In-Reply-To: <gone@example.com>\r\nReferences: " + reference,
            )
        )
        return Letter(
            self.head(number, b"Re: help", header, sender=self.sender(about))
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "reply",
            self.mark(number),
            about=about,
        )

    def by_number(self, number):
        """The program of the sender has dropped the references."""
        about = self.started()
        subject = self.random.choice((b"Re: [%s] help", b"AW: %s", b"\xe5\x9b\x9e %s:"))
        return Letter(
            self.head(number, subject % NUMBER, sender=self.sender(about))
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "reply",
            self.mark(number),
            about=about,
        )

    def number_of_other(self, number):
        """Somebody else's number opens nothing."""
        about = self.started()
        return Letter(
            self.head(number, b"Re: " + NUMBER)
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "new",
            self.mark(number),
            about=about,
        )

    def automatic(self, number):
        about = self.started()
        return Letter(
            self.head(
                number,
                b"Out of office",
                self.random.choice(AUTOMATIC),
                b"References: <letter-%d@example.com>" % about,
                sender=self.sender(about),
            )
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "ignored",
            self.mark(number),
        )

    def loop(self, number):
        return Letter(
            self.head(
                number, b"Re: help", sender=self.random.choice((self.to, self.own))
            )
            + b"\r\n"
            + self.text_part(self.note(number), "utf-8"),
            "ignored",
            self.mark(number),
        )

    def bounce(self, number):
        body = self.many(
            b"report; report-type=delivery-status",
            self.text_part(self.note(number), "utf-8"),
            b"Content-Type: message/delivery-status\r\n\r\n"
            b"Reporting-MTA: dns; mx.example.com\r\n\r\n"
            b"Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\n",
        )
        return Letter(
            self.head(number, b"Undelivered", sender=b"MAILER-DAEMON@mx.example.com")
            + b"\r\n"
            + body,
            "ignored",
            self.mark(number),
        )

    def again(self, number):
        """The same letter comes in a second time."""
        first = self.letters[self.started()]
        return Letter(first.raw, "again", first.mark)
