import {registry} from "@web/core/registry";

/** A rep: the place in the table, an entry's explanation, and submitting. */
registry.category("web_tour.tours").add("sales_appraisal_commission_rep", {
    steps: () => [
        {
            content: "The standing is on the card",
            trigger:
                ".o_kanban_record:contains('150.00'):contains('Open') .progress-bar",
            run: "click",
        },
        {trigger: ".o_form_view [name=standing] .o_sales_score_curve:has(.place)"},
        {trigger: "[name=standing]:contains('150.00')"},
        {trigger: ".o_sales_commission_history .o_sales_current"},
        {trigger: ".nav-link[name=entries]", run: "click"},
        {trigger: "[name=by_rule]:contains('150.00')"},
        {
            trigger: "[name=entry_ids] .o_data_row [name=partner_id]",
            run: "click",
        },
        {
            content: "The sentence does the sum",
            trigger:
                ".modal [name=explanation]:contains('10 % of'):contains('1,500.00')",
        },
        {trigger: ".modal .btn-close", run: "click"},
        {trigger: "button[name=action_submit]", run: "click"},
        {trigger: ".modal .btn-primary", run: "click"},
        {trigger: ".o_statusbar_status .o_arrow_button_current:contains('Submitted')"},
    ],
});

registry.category("web_tour.tours").add("sales_appraisal_commission_manager", {
    steps: () => [
        {trigger: ".o_form_view .nav-link[name=history]", run: "click"},
        {trigger: ".o_sales_commission_history .o_sales_current"},
        {trigger: "button[name=action_approve]", run: "click"},
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('Approved'):not(:contains('Finance'))",
        },
    ],
});

/** Finance opens what waits, approves and pays it; the file for payroll is there. */
registry.category("web_tour.tours").add("sales_appraisal_commission_finance", {
    steps: () => [
        {trigger: ".o_group_header:contains('Approved (1)')"},
        {trigger: "thead .o_list_record_selector input", run: "click"},
        {
            content: "Only what can be done with it is offered",
            trigger:
                ".o_control_panel:has(button[name=action_validate]):not(:has(button[name=action_pay], button[name=action_approve]))",
        },
        {trigger: "button[name=action_validate]", run: "click"},
        {trigger: ".o_group_header:contains('Approved by Finance (1)')"},
        {trigger: "thead .o_list_record_selector input:not(:checked)", run: "click"},
        {trigger: "button[name=action_pay]", run: "click"},
        {trigger: ".o_form_view button[name=action_export_xlsx]"},
        {trigger: "[name=payment_ids] .o_data_row:contains('150.00')"},
        {trigger: ".o_statusbar_status .o_arrow_button_current:contains('Paid')"},
    ],
});
