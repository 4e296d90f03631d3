import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_home", {
    steps: () => [
        {trigger: ".o_sales_home [data-figure=pipeline]"},
        {trigger: "button[data-period=year]", run: "click"},
        {trigger: "button[data-period=year].active"},
        {trigger: ".o_sales_home_ranking td:contains('Rep')"},
        {trigger: ".o_sales_home [data-figure=ORDERED]", run: "click"},
        {content: "The credits behind the figure", trigger: ".o_list_view"},
    ],
});
