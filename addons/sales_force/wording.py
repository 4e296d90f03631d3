"""Texts made of parts, with what the reader's language puts between them."""

from functools import reduce


def listed(env, parts):
    """``a, b, c``"""
    return _join(
        parts,
        lambda before, after: env._(
            "%(before)s, %(after)s", before=before, after=after
        ),
    )


def clauses(env, parts):
    """``a; b; c``"""
    return _join(
        parts,
        lambda before, after: env._(
            "%(before)s; %(after)s", before=before, after=after
        ),
    )


def sentences(env, parts):
    """``a. b. c.``"""
    return env._(
        "%(text)s.",
        text=_join(
            parts,
            lambda before, after: env._(
                "%(before)s. %(after)s", before=before, after=after
            ),
        ),
    )


def _join(parts, join):
    parts = list(filter(None, parts))
    return reduce(join, parts) if parts else ""
