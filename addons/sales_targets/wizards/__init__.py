from . import sales_target_counter, sales_target_import, sales_target_set
