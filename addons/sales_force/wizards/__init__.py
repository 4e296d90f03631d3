from . import (
    crm_lead_lost,
    sales_calendar_import,
    sales_conduct_decide,
    sales_credit_rebuild,
    sales_customer_stage_set,
    sales_pool_apply,
    sales_position_answer,
    sales_rep_change,
    sales_split_change,
    sales_visit_cancel,
    sales_visit_plan,
)
