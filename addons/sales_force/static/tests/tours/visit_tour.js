import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_visit_phone", {
    steps: () => [
        {trigger: ".o_kanban_record:contains('Corner Shop')", run: "click"},
        {
            content: "A thumb that trembles checks in once",
            trigger: ".o_sales_visit_check button:contains('Check In')",
            run: ({anchor}) => {
                anchor.click();
                anchor.click();
            },
        },
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
        {trigger: ".o_form_view:not(:has(.o_sales_visit_check .btn))"},
    ],
});

registry.category("web_tour.tours").add("sales_force_visit_draft", {
    steps: () => [
        {
            trigger: ".o_field_widget[name=note] textarea",
            run: "edit They need a larger pump",
        },
        {
            trigger: ".o_field_widget[name=result_id] span:contains('Interest shown')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=collected_amount] input",
            run: "edit 40 && press Tab",
        },
        {
            trigger: ".o_field_widget[name=collected_reference] input",
            run: "edit Cheque 7",
        },
        {
            trigger: ".o_field_widget[name=next_step] input",
            run: "edit Send samples",
        },
        {trigger: ".nav-link[name=competitors]", run: "click"},
        {trigger: ".o_field_x2many_list_row_add a", run: "click"},
        {
            trigger: ".o_field_x2many td[name=competitor_id] input",
            run: "edit Rival",
        },
        {trigger: ".o-autocomplete--dropdown-item:contains('Rival')", run: "click"},
        {
            content: "A line has a field of the same name",
            trigger: ".o_field_x2many td[name=note] textarea",
            run: "edit They are cheap",
        },
        {
            content: "What is sent when the page is left gets lost on the way",
            trigger: ".o_field_widget[name=note] textarea",
            run: () => {
                navigator.sendBeacon = () => true;
                window.location.reload();
            },
            expectUnloadPage: true,
        },
        {
            trigger:
                ".o_field_widget[name=note] textarea:value('They need a larger pump')",
        },
        {
            trigger:
                ".o_field_widget[name=result_id] span.active:contains('Interest shown')",
        },
        {trigger: ".o_field_widget[name=collected_amount] input:value('40.00')"},
        {trigger: ".o_field_widget[name=collected_reference] input:value('Cheque 7')"},
        {trigger: ".o_field_widget[name=next_step] input:value('Send samples')"},
        {trigger: ".nav-link[name=competitors]", run: "click"},
        {trigger: ".o_data_row:contains('Rival'):contains('They are cheap')"},
        {trigger: ".o_form_button_save", run: "click"},
        {trigger: ".o_form_saved"},
    ],
});
