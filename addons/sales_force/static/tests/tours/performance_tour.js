import {registry} from "@web/core/registry";

/**
 * Who collected how much in the South last month, and from whom? Three clicks. The
 * company of the test has collected from Alpha in the South and from Beta in the North.
 */
const clicks = (steps) => steps.filter((step) => step.run === "click").length;

registry.category("web_tour.tours").add("sales_force_three_clicks", {
    steps: () => {
        const steps = [
            {
                content: "Click 1: Performance, on what was collected",
                trigger: "a[data-menu-xmlid='sales_force.sales_credit_menu']",
                run: "click",
            },
            {
                content: "Collected is the metric",
                trigger:
                    ".o_search_panel_category_value header.active:contains(/^Collected$/)",
            },
            {
                content: "Everything is summed",
                trigger: ".o_pivot td.o_pivot_cell_value:contains('1,300.00')",
            },
            {
                content: "Click 2: the South",
                trigger:
                    ".o_search_panel_category_value header:contains('South') .o_search_panel_label",
                run: "click",
            },
            {
                content: "Who: the rep",
                trigger: ".o_pivot tbody tr:last-child th:contains('Rep')",
            },
            {
                content: "How much last month: the middle of three months",
                trigger:
                    ".o_pivot tbody tr:first-child td:nth-child(3):contains('700.00')",
            },
            {
                content: "Click 3: from whom",
                trigger:
                    ".o_pivot tbody tr:first-child td.o_pivot_cell_value:nth-child(3)",
                run: "click",
            },
            {
                content: "From Alpha and Gamma, in whole",
                trigger:
                    ".o_list_view .o_group_header:contains('Alpha'):contains('450.00')",
            },
            {
                trigger:
                    ".o_list_view .o_group_header:contains('Gamma'):contains('250.00')",
            },
            {
                content: "And from nobody else",
                trigger: ".o_list_view:not(:has(.o_group_header:contains('Beta')))",
            },
            {trigger: ".o_list_footer td:contains('700.00')"},
            {
                content: "The title says what it is",
                trigger: ".o_breadcrumb:contains('Collected · South · ')",
            },
        ];
        if (clicks(steps) !== 3) {
            throw new Error("The question must be answered in three clicks");
        }
        return steps;
    },
});

registry.category("web_tour.tours").add("sales_force_performance_views", {
    steps: () => [
        {trigger: ".o_pivot td.o_pivot_cell_value"},
        {
            content: "Another period replaces the one before",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o_menu_item:contains(/^Last Month$/)",
            run: "click",
        },
        {trigger: ".o_facet_value:contains(/^Last Month$/)"},
        {trigger: ".o_searchview:not(:contains('the Two Before'))"},
        {
            trigger: ".o_filter_menu .o_menu_item:contains(/the Two Before$/)",
            run: "click",
        },
        {trigger: ".o_searchview:not(:contains('Last Month'))"},
        {
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            content: "There is no sum of different metrics to choose",
            trigger: ".o_search_panel_section:first:not(:contains(/^All$/))",
        },
        {
            content: "Another metric",
            trigger:
                ".o_search_panel_category_value header:contains(/^Orders$/) .o_search_panel_label",
            run: "click",
        },
        {trigger: ".o_pivot td.o_pivot_cell_value:contains('4.00')"},
        {
            content: "The graph keeps the metric",
            trigger: "button.o_switch_view.o_graph",
            run: "click",
        },
        {trigger: ".o_graph_canvas_container canvas"},
        {trigger: "header.active:contains(/^Orders$/)"},
        {
            content: "So does the list",
            trigger: "button.o_switch_view.o_list",
            run: "click",
        },
        {trigger: ".o_list_footer td:contains('4.00')"},
        {
            content: "The credit of a real order",
            trigger:
                ".o_data_row:has([name=document_name]:contains(/^S/)) [name=partner_id]",
            run: "click",
        },
        {
            content: "Its document",
            trigger: ".o_form_view button[name=action_open_document]",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_widget[name=order_line]"},
    ],
});

registry.category("web_tour.tours").add("sales_force_ranking", {
    steps: () => [
        {trigger: ".o_search_panel header.active:contains(/^This Month$/)"},
        {
            trigger:
                ".o_search_panel_category_value header:contains(/^Last Month$/) .o_search_panel_label",
            run: "click",
        },
        {
            trigger:
                ".o_search_panel_category_value header:contains(/^Collected$/) .o_search_panel_label",
            run: "click",
        },
        {trigger: ".o_data_row:first:contains('700.00')"},
        {
            content: "The credits behind a place",
            trigger: ".o_data_row:first .o_data_cell[name=name]",
            run: "click",
        },
        {trigger: ".o_breadcrumb:contains('Collected of')"},
        {
            trigger: ".o_group_header:contains('Alpha')",
            run: "click",
        },
        {trigger: ".o_data_row"},
    ],
});
