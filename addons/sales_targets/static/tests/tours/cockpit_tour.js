import {registry} from "@web/core/registry";

const noWider = {
    content: "Nothing is wider than the screen",
    trigger: ".o_sales_cockpit_grid",
    run() {
        const {scrollWidth} = document.documentElement;
        if (scrollWidth > window.innerWidth + 1) {
            throw new Error(`The page is ${scrollWidth} px wide`);
        }
    },
};

registry.category("web_tour.tours").add("sales_targets_cockpit_rep", {
    steps: () => [
        {trigger: ".o_sales_cockpit_achieved:contains('900')"},
        {trigger: ".o_sales_cockpit_curve canvas"},
        {
            content: "A rep has nobody below",
            trigger: ".o_sales_cockpit_grid:not(:has(.o_sales_cockpit_children))",
        },
        noWider,
        {trigger: "button[data-kind=total]", run: "click"},
        {trigger: "button[data-kind=total].active"},
        {trigger: "button[data-kind=month]", run: "click"},
        {trigger: "button[data-kind=month].active"},
        {
            content: "What was credited on the day",
            trigger: ".o_sales_calendar_day.o_today[data-level='4']",
            run: "click",
        },
        {trigger: ".o_kanban_view .o_kanban_record, .o_list_view .o_group_header"},
        {trigger: ".o_back_button, .breadcrumb-item a", run: "click"},
        {
            content: "All that is behind the figure",
            trigger: ".o_sales_cockpit_achieved",
            run: "click",
        },
        {trigger: ".o_kanban_view .o_kanban_record, .o_list_view .o_group_header"},
    ],
});

registry.category("web_tour.tours").add("sales_targets_cockpit_leader", {
    steps: () => [
        {trigger: ".o_sales_cockpit h2:contains('My People')"},
        {trigger: ".o_sales_cockpit_achieved:contains('1,200')"},
        {
            content: "Who is behind is named; the other goal is apart",
            trigger: ".o_sales_cockpit_help button:contains('Second')",
        },
        {trigger: "[data-goal='Visits']:contains('7')"},
        noWider,
        {trigger: ".o_sales_child[data-name=Rep] a:first", run: "click"},
        {trigger: ".o_sales_cockpit h2:contains('Rep')"},
        {trigger: ".o_sales_cockpit_achieved:contains('900')"},
        {
            content: "And back up",
            trigger: ".o_sales_cockpit .breadcrumb a:contains('My People')",
            run: "click",
        },
        {trigger: ".o_sales_cockpit h2:contains('My People')"},
        {trigger: ".o_sales_cockpit_before:not(:disabled)", run: "click"},
        {trigger: ".o_sales_cockpit_achieved:contains('40')"},
        {trigger: ".o_sales_cockpit_after", run: "click"},
        {trigger: ".o_sales_cockpit_achieved:contains('1,200')"},
        {
            content: "In two clicks at the documents",
            trigger: ".o_sales_child[data-name=Second] .o_sales_child_achieved",
            run: "click",
        },
        {trigger: ".o_list_view .o_group_header:contains('300')"},
        {trigger: ".o_control_panel .breadcrumb-item a:first", run: "click"},
        {trigger: "[data-tile=gap]", run: "click"},
        {trigger: ".o_list_view .o_group_header:contains('1,200')"},
        {trigger: ".o_control_panel .breadcrumb-item a:first", run: "click"},
        {trigger: ".o_sales_cockpit a:contains('Target')", run: "click"},
        {trigger: ".o_list_view .o_data_row"},
    ],
});

registry.category("web_tour.tours").add("sales_targets_cockpit_empty", {
    steps: () => [
        {
            content: "What to do is said, and done by a button",
            trigger: ".o_sales_cockpit button:contains('Create a Plan')",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_widget[name=stage_reason]"},
    ],
});
