from . import (
    sales_commission_dispute_decide,
    sales_commission_dispute_open,
    sales_commission_return,
    sales_commission_trial,
    sales_commission_trial_draw,
    sales_commission_unpay,
    sales_consequence_refuse,
    sales_contest_revise,
    sales_salary_export,
    sales_scorecard_open,
    sales_scorecard_reason,
)
