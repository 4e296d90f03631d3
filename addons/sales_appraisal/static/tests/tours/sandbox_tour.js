import {registry} from "@web/core/registry";

/** A draft against what was earned: who gets more, and by which documents. */
registry.category("web_tour.tours").add("sales_appraisal_sandbox", {
    steps: () => [
        {trigger: ".o_form_view button[name=action_compare]", run: "click"},
        {
            content: "Costs 200 and 5 instead of 100 and 10",
            trigger:
                ".o_sales_sandbox section:first tr:contains('Cost') td:contains('205')",
        },
        {
            content: "One more, one less",
            trigger: ".o_sales_sandbox section:contains('Get more') canvas",
        },
        {
            trigger: ".o_sales_sandbox th button:contains('Rep')",
            run: "click",
        },
        {trigger: ".o_sales_sandbox th[aria-sort=ascending] button:contains('Rep')"},
        {
            trigger: ".o_sales_sandbox tr:has(td:contains('+')) a",
            run: "click",
        },
        {
            content: "The invoice on both sides",
            trigger:
                ".o_sales_sandbox_person .o_sales_sandbox_parts > div:last td:contains('INV')",
        },
        {
            trigger: ".o_sales_sandbox_person button:contains('Back')",
            run: "click",
        },
        {
            content: "Against the version in force",
            trigger: ".o_sales_sandbox select[name=left]",
            run: "selectByLabel Reps 2031",
        },
        {
            trigger:
                ".o_sales_sandbox section:first th:contains('Reps 2031'):not(:contains('Earned'))",
        },
    ],
});
