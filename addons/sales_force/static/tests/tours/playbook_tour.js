import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_playbook", {
    steps: () => [
        {
            content: "Two items are to do",
            trigger: ".o_sales_playbook_missing:contains('2')",
        },
        {
            trigger:
                ".o_sales_playbook [data-item='Need is known'] .o_sales_playbook_tick",
            run: "click",
        },
        {trigger: ".o_sales_playbook_missing:contains('1')"},
        {
            content: "On to the next stage",
            trigger: ".o_statusbar_status button[data-value]:contains('Offer')",
            run: "click",
        },
        {
            content: "The reason is asked for; staying goes back",
            trigger: ".modal .btn-secondary:contains('Stay')",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains('Contact')",
        },
        {
            trigger: ".o_statusbar_status button[data-value]:contains('Offer')",
            run: "click",
        },
        {trigger: ".modal .o_sales_stage_leave:disabled"},
        {
            trigger: ".modal .o_sales_stage_reason",
            run: "edit The tender closes",
        },
        {trigger: ".modal .o_sales_stage_leave:not(:disabled)", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains('Offer')",
        },
        {trigger: ".o_sales_playbook [data-item='Budget is known']"},
        {
            content: "The form was loaded again, with the reason",
            trigger: ".o-mail-Message:contains('The tender closes')",
        },
        {
            content: "The same on the board",
            trigger: ".o_breadcrumb .o_back_button, .o_breadcrumb a",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains('Valves for a ship')",
            run: "drag_and_drop (.o_kanban_group:has(.o_column_title:contains('Offer')))",
        },
        {
            trigger: ".modal .o_sales_stage_reason",
            run: "edit Known from last year",
        },
        {trigger: ".modal .o_sales_stage_leave:not(:disabled)", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_kanban_group:has(.o_column_title:contains('Offer')) .o_kanban_record:contains('Valves for a ship')",
        },
    ],
});
