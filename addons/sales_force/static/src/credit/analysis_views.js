import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";
import { PivotRenderer } from "@web/views/pivot/pivot_renderer";
import { pivotView } from "@web/views/pivot/pivot_view";
import { withOneMetric } from "./one_metric";

const isFixed = (domain, field) =>
    domain.some((term) => Array.isArray(term) && term[0] === field && term[1] === "=");

/**
 * From a figure to the credits behind it, by rep and customer as far as the figure
 * does not stand for one of them already.
 */
const withCreditsBehind = (Renderer) =>
    class extends Renderer {
        async openView(domain, _views, context, newWindow) {
            const action = await this.actionService.loadAction(
                "sales_force.sales_credit_action_behind"
            );
            const groups = { by_rep: "rep_id", by_customer: "partner_id" };
            const defaults = Object.entries(groups)
                .filter(([, field]) => !isFixed(domain, field))
                .map(([name]) => [`search_default_${name}`, 1]);
            await this.actionService.doAction(
                {
                    ...action,
                    domain,
                    context: { ...context, ...Object.fromEntries(defaults) },
                },
                { newWindow }
            );
        }
    };

const views = registry.category("views");

views.add("sales_credit_pivot", {
    ...pivotView,
    Renderer: withCreditsBehind(PivotRenderer),
    SearchModel: withOneMetric(pivotView.SearchModel),
});
views.add("sales_credit_graph", {
    ...graphView,
    Renderer: withCreditsBehind(GraphRenderer),
    SearchModel: withOneMetric(graphView.SearchModel),
});
