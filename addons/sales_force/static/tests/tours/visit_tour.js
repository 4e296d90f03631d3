import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_visit_phone", {
    steps: () => [
        {trigger: ".o_kanban_record:contains('Corner Shop')", run: "click"},
        {trigger: ".o_sales_visit_check button:contains('Check In')", run: "click"},
        {
            content: "Asked before the first position is kept",
            trigger: ".modal:contains('90') button:contains('Agree')",
            run: "click",
        },
        {trigger: ".o_sales_visit_check button:contains('Check Out')"},
        {
            content: "What is typed stays when the page is loaded again",
            trigger: ".o_field_widget[name=note] textarea",
            run: "edit They need a larger pump",
        },
        {
            trigger: ".o_field_widget[name=note] textarea",
            run: () => window.location.reload(),
            expectUnloadPage: true,
        },
        {
            trigger:
                ".o_field_widget[name=note] textarea:value('They need a larger pump')",
        },
        {
            trigger: ".o_field_widget[name=result_id] span:contains('Interest shown')",
            run: "click",
        },
        {trigger: ".o_sales_visit_check button:contains('Check Out')", run: "click"},
        {trigger: ".o_form_view:not(:has(.o_sales_visit_check button))"},
    ],
});
