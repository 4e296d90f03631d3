import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_customer", {
    steps: () => [
        {
            content: "Of my customers",
            trigger: ".o_data_cell:contains(/^Alpha$/)",
            run: "click",
        },
        {trigger: ".o_sales_timeline_line[data-kind=order]"},
        {trigger: ".o_sales_timeline button[data-phase=after]", run: "click"},
        {trigger: ".o_sales_timeline:not(:has(.o_sales_timeline_line))"},
        {trigger: ".nav-link[name=prices]", run: "click"},
        {trigger: ".o_sales_prices div:contains('Thing')"},
        {trigger: ".nav-link[name=recommendations]", run: "click"},
        {
            trigger: ".o_sales_recommendations div:contains('Other Thing') > button",
            run: "click",
        },
        {
            content: "The quotation has the product",
            trigger: ".o_data_cell[name=product_template_id]:contains('Other Thing')",
        },
        {trigger: ".o_form_button_save", run: "click"},
        {trigger: ".o_form_saved"},
        {trigger: ".nav-link[name=sales_recommendations]", run: "click"},
        {
            trigger: ".o_sales_recommendations div:contains('Third Thing') > button",
            run: "click",
        },
        {trigger: ".nav-link[name=order_lines]", run: "click"},
        {
            trigger: ".o_data_cell[name=product_template_id]:contains('Third Thing')",
        },
    ],
});
