{
    "name": "Sales Appraisal",
    "summary": "Scorecards that compute themselves from facts, and can be contested",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Odoo Sales Force",
    "website": "https://github.com/odoo-sales-force/odoo-sales-force",
    "depends": [
        "sales_targets",
        "gamification",
        "hr_skills",
        "survey",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/sales_scorecard_rules.xml",
        "data/sales_scorecard_data.xml",
        "data/ir_cron_data.xml",
        "report/sales_scorecard_report.xml",
        "wizards/sales_scorecard_views.xml",
        "views/sales_scorecard_grade_views.xml",
        "views/sales_scorecard_template_views.xml",
        "views/sales_scorecard_views.xml",
        "views/scorecard_settings_views.xml",
        "views/sales_appraisal_menus.xml",
    ],
    "demo": [
        "demo/sales_appraisal_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "sales_appraisal/static/src/**/*",
        ],
        "web.assets_tests": [
            "sales_appraisal/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
