from odoo import api, models


class SalesCachedMixin(models.AbstractModel):
    """Records that are kept in memory (``ormcache``): any change forgets what is."""

    _name = "sales.cached.mixin"
    _description = "Kept in Memory"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._forget()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._forget()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget()
        return result

    def _forget(self):
        registry = self.env.registry
        registry.clear_cache()
        # Again when others see it: they may have asked meanwhile.
        self.env.cr.postcommit.add(registry.clear_cache)
