{
    "name": "Sales Appraisal",
    "summary": "Scorecards that compute themselves from facts, and can be contested",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Odoo Sales Force",
    "website": "https://github.com/odoo-sales-force/odoo-sales-force",
    "depends": ["sales_targets"],
    "application": True,
}
