from . import sales_contest_revise, sales_scorecard_open, sales_scorecard_reason
