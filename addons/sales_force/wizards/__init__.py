from . import sales_credit_rebuild
