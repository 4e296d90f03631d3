{
    "name": "Sales Targets",
    "summary": "From the company's number to a rep's day, and back",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Odoo Sales Force",
    "website": "https://github.com/odoo-sales-force/odoo-sales-force",
    "depends": ["sales_force"],
    "data": [
        "security/ir.model.access.csv",
        "security/sales_target_rules.xml",
        "data/ir_cron_data.xml",
        "wizards/sales_target_counter_views.xml",
        "wizards/sales_target_set_views.xml",
        "wizards/sales_target_import_views.xml",
        "views/sales_target_plan_views.xml",
        "views/sales_target_views.xml",
        "views/sales_target_version_views.xml",
        "views/sales_targets_menus.xml",
        "views/sales_cockpit_views.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "sales_targets/static/src/**/*",
        ],
        "web.assets_tests": [
            "sales_targets/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
