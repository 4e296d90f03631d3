from . import (
    crm_lead_lost,
    sales_calendar_import,
    sales_conduct_decide,
    sales_credit_rebuild,
    sales_customer_assign,
    sales_customer_stage_set,
    sales_pool_apply,
    sales_promote,
    sales_rep_change,
    sales_split_change,
    sales_visit_plan,
)
