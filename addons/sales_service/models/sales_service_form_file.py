import base64
import binascii
from io import BytesIO

from PIL import Image

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.image import IMAGE_MAX_RESOLUTION, image_process
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.sales_force.locking import write_lock

from ..tickets import forms

# Photos are kept as large as they are printed.
_PIXELS = (1920, 1920)


def get_type(content):
    """The type that a file has by its content, whatever its name says."""
    mimetype = guess_mimetype(content, default="application/octet-stream")
    if mimetype == "application/octet-stream":
        # A text of a few letters.
        try:
            words = content.decode().split()
        except UnicodeDecodeError:
            return mimetype
        if all(map(str.isprintable, words)):
            return "text/plain"
    return mimetype


def get_photo(content):
    """A picture no larger than it is printed.

    :raise UserError: for one that is broken, or has too many points
    """
    try:
        picture = Image.open(BytesIO(content))
        # Before the points of a few bytes fill the memory.
        if picture.width * picture.height > IMAGE_MAX_RESOLUTION:
            raise ValueError
        picture.load()
    # Reading what somebody made up raises any of these.
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise UserError(str(error)) from error
    return image_process(content, size=_PIXELS)


class SalesServiceFormFile(models.Model):
    """A photo, file or signature that answers a question; never changed.

    Another one is sent instead, and one that is wrong is removed.
    """

    _name = "sales.service.form.file"
    _description = "Photo, File or Signature of a Ticket"
    _order = "question_id, id"

    ticket_id = fields.Many2one(
        "sales.service.ticket", required=True, index=True, ondelete="cascade"
    )
    question_id = fields.Many2one(
        "sales.service.form.question",
        "Question",
        required=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(related="question_id.kind")
    name = fields.Char("File Name")
    content = fields.Binary(required=True, attachment=True)
    mimetype = fields.Char("Type", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._prepared(vals) for vals in vals_list]
        files = super().create(vals_list)
        for ticket, some in files.grouped("ticket_id").items():
            some._check_asked(ticket)
        return files

    def write(self, vals):
        if vals:
            raise AccessError(
                self.env._(
                    "What was sent stays as it is: remove it, or add another one."
                )
            )
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")
        for ticket, files in self.grouped("ticket_id").items():
            # Who takes a step at the same moment comes before or after.
            write_lock(ticket)
            # sudo: what others have sent counts as well
            whole = ticket.sudo()
            whole._check_kept(sent=(whole.form_file_ids - files).question_id)
            for file in files:
                ticket._message_log(
                    body=self.env._(
                        "“%(question)s”: %(file)s was removed.",
                        question=file.question_id.name,
                        file=file.name,
                    )
                )
        return super().unlink()

    @api.model
    def _prepared(self, vals):
        """With a name, its type, and a photo no larger than it is printed.

        :raise UserError: for another kind, for what is too large or not permitted
        """
        # sudo: whoever answers is asked
        Question = self.env["sales.service.form.question"].sudo()
        question = Question.browse(vals.get("question_id")).exists()
        if question.kind not in forms.FILES:
            raise UserError(self.env._("Choose the question that it answers."))
        try:
            content = base64.b64decode(vals.get("content") or b"")
        except (TypeError, ValueError, binascii.Error):
            content = b""
        if not content:
            raise UserError(
                self.env._("“%(question)s”: it is empty.", question=question.name)
            )
        if len(content) > forms.LARGEST:
            raise UserError(
                self.env._(
                    "“%(question)s”: a file has at most %(size)s MB.",
                    question=question.name,
                    size=forms.LARGEST // 2**20,
                )
            )
        name = vals.get("name") or ""
        mimetype = get_type(content)
        if question.kind == "file":
            permitted = mimetype in forms.TYPES
        else:
            permitted = mimetype in forms.IMAGES
        if permitted and mimetype in forms.IMAGES:
            try:
                content = get_photo(content)
            except UserError:
                permitted = False
        if not permitted:
            raise UserError(
                self.env._(
                    "“%(question)s”: a file of this type is not taken. Send a picture "
                    "(JPEG, PNG, GIF, WebP)%(more)s.",
                    question=question.name,
                    more=self.env._(", a PDF, an office document, a text or a ZIP")
                    if question.kind == "file"
                    else "",
                )
            )
        return {
            **{key: vals[key] for key in ("ticket_id", "question_id") if key in vals},
            "name": name or f"{question.key}.{mimetype.rpartition('/')[2]}",
            "content": base64.b64encode(content),
            "mimetype": mimetype,
        }

    def _check_asked(self, ticket):
        """:raise UserError: for what the ticket's form does not ask, or too many"""
        # sudo: what others have sent counts as well
        ticket = ticket.sudo()
        for question, files in ticket.form_file_ids.grouped("question_id").items():
            if not files & self:
                continue
            if question.version_id != ticket.form_version_id:
                raise UserError(
                    self.env._(
                        "%(ticket)s: its form does not ask “%(question)s”.",
                        ticket=ticket.display_name,
                        question=question.name,
                    )
                )
            most = 1 if question.kind == "signature" else forms.MOST
            if len(files) > most:
                raise UserError(
                    self.env._(
                        "%(ticket)s: “%(question)s” takes no more than %(count)s. "
                        "Remove one first.",
                        ticket=ticket.display_name,
                        question=question.name,
                        count=most,
                    )
                )
