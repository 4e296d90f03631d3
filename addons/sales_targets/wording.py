from babel.dates import format_skeleton

from odoo.tools.misc import babel_locale_parse, get_lang


def format_month(env, day):
    """The month of a day as the user's language writes it: Feb 2027, 2027年2月."""
    locale = babel_locale_parse(get_lang(env).code)
    return format_skeleton("yMMM", day, locale=locale)
