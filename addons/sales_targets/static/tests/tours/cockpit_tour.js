import {registry} from "@web/core/registry";

const noWider = {
    content: "Nothing is wider than the screen",
    trigger: ".o_sales_cockpit_grid, .o_sales_deviation_grid",
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
        {trigger: ".o_back_button, .breadcrumb-item a", run: "click"},
        {trigger: "[data-tile=gap]", run: "click"},
        {trigger: ".o_sales_deviation_residual:contains('0.00')"},
        {
            content: "A rep gives tasks to nobody else",
            trigger: ".o_sales_deviation_measure:not(:has(.o_sales_task_owner))",
        },
        noWider,
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
        {trigger: "[data-tile=required]", run: "click"},
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

registry.category("web_tour.tours").add("sales_targets_deviation", {
    steps: () => [
        {trigger: "[data-tile=gap]", run: "click"},
        {trigger: ".o_sales_deviation h2:contains('My People')"},
        {trigger: ".o_sales_deviation canvas"},
        {trigger: ".o_sales_deviation_residual:contains('0.00')"},
        {trigger: ".o_sales_deviation tr[data-key=actual] a:contains('1,200')"},
        {
            content: "Down to who is behind",
            trigger: ".o_sales_deviation_row[data-name=Second] a",
            run: "click",
        },
        {trigger: ".o_sales_deviation h2:contains('Second')"},
        {trigger: ".o_sales_deviation_residual:contains('0.00')"},
        {trigger: ".o_sales_deviation_plan", run: "click"},
        {
            trigger: ".o_sales_task_owner input",
            run: "edit Second",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Second')",
            run: "click",
        },
        {
            trigger: "#o_sales_task_note",
            run: "edit Visit the ten largest",
        },
        {trigger: "button:contains('Give the Task')", run: "click"},
        {trigger: ".o_sales_deviation_task:contains('Second')"},
        {
            trigger: ".o_sales_deviation .breadcrumb a:contains('My People')",
            run: "click",
        },
        {trigger: ".o_sales_deviation h2:contains('My People')"},
        {
            content: "What is behind what came",
            trigger: ".o_sales_deviation tr[data-key=actual] a",
            run: "click",
        },
        {trigger: ".o_list_view .o_group_header:contains('1,200')"},
    ],
});

registry.category("web_tour.tours").add("sales_targets_meeting", {
    steps: () => [
        {trigger: ".o_sales_cockpit_meeting", run: "click"},
        {trigger: ".o_form_view [name=agenda_html]:contains('Second')"},
        {trigger: ".o_notebook .nav-link:contains('Decisions')", run: "click"},
        {trigger: ".o_field_x2many_list_row_add a", run: "click"},
        {
            trigger: ".o_selected_row [name=name] input",
            run: "edit Call Alpha",
        },
        {
            trigger: ".o_selected_row [name=user_id] input",
            run: "edit Second",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Second')",
            run: "click",
        },
        {trigger: ".o_form_button_save", run: "click"},
        {trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))"},
        {trigger: "button[name=action_hold]", run: "click"},
        {trigger: ".o_arrow_button_current:contains('Held')"},
        {trigger: ".o_data_row:contains('Call Alpha') .badge:contains('Open')"},
    ],
});
