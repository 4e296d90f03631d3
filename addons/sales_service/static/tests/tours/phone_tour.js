import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_service_tickets_phone", {
    steps: () => [
        {
            content: "All cards one below the other, no columns",
            trigger: ".o_kanban_renderer:not(:has(.o_kanban_group)) .o_kanban_record",
            run: () => {
                const {scrollWidth} = document.documentElement;
                if (scrollWidth > window.innerWidth) {
                    throw new Error(`${scrollWidth} > ${window.innerWidth}`);
                }
            },
        },
    ],
});

registry.category("web_tour.tours").add("sales_service_checks_phone", {
    steps: () => [
        {trigger: ".o_notebook .nav-link[name=checks]", run: "click"},
        {
            content: "Ticked off with one tap",
            trigger: ".o_kanban_record:contains('Tight') .o_boolean_toggle input",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_kanban_record:contains('Tight') input:checked",
        },
        {
            content: "What is measured opens",
            trigger: ".o_kanban_record:contains('Pressure')",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=measure] input", run: "edit 2"},
        {trigger: ".modal .o_form_button_save", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_kanban_record:contains('Pressure') .text-success",
        },
        {
            trigger:
                ".o_form_status_indicator .o_form_button_save, .o_form_button_save",
            run: "click",
        },
        {trigger: ".o_form_view:not(:has(.o_form_button_save:visible))"},
    ],
});
