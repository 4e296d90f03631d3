from . import (
    sales_scorecard_grade,
    sales_scorecard_template,
    sales_scorecard_template_line,
    sales_scorecard,
    sales_scorecard_line,
    sales_scorecard_opening,
    sales_scorecard_result,
    sales_scorecard_flow,
    sales_scorecard_appeal,
    sales_scorecard_move,
    sales_scorecard_board,
    sales_appraisal_demo,
)
