from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestAssets(TransactionCase):
    def test_styles(self):
        """One mistake in a stylesheet leaves every screen of Odoo without style."""
        for name in ("web.assets_backend", "web.assets_frontend"):
            bundle = self.env["ir.qweb"]._get_asset_bundle(name, js=False)
            self.assertIn("{", bundle.preprocess_css())
            self.assertFalse(bundle.css_errors, name)
