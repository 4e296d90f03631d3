from . import sales_scorecard_open, sales_scorecard_reason
