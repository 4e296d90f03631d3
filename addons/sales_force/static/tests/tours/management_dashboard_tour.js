import {registry} from "@web/core/registry";

const FIGURE = ".o_renderer .o-figure[data-id=figure-deals-won]";

registry.category("web_tour.tours").add("sales_force_management_dashboard", {
    steps: () => [
        {
            trigger: ".o_search_panel li:contains('Sales Management')",
            run: "click",
        },
        {trigger: ".o_renderer .o-figure[data-id=chart-departments] canvas"},
        {trigger: "body:not(:has(.o_error_dialog))"},
        {
            content: "A figure opens its screen",
            trigger: `${FIGURE} canvas`,
            run: "click",
        },
        {content: "The analysis of deals", trigger: ".o_pivot_view"},
    ],
});
