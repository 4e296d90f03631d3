from odoo import api, models


class SalesCachedMixin(models.AbstractModel):
    """Records that are kept in memory (``ormcache``): any change forgets what is."""

    _name = "sales.cached.mixin"
    _description = "Kept in Memory"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
