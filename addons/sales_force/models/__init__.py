from . import (
    sales_metric,
    sales_credit,
    sales_split,
    sales_kept,
    sales_ownership,
    credited_documents,
)
