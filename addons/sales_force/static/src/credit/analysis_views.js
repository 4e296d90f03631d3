import {registry} from "@web/core/registry";
import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {graphView} from "@web/views/graph/graph_view";
import {PivotRenderer} from "@web/views/pivot/pivot_renderer";
import {pivotView} from "@web/views/pivot/pivot_view";
import {withOneMetric} from "./one_metric";

const {DateTime} = luxon;

const isFixed = (domain, field) =>
    domain.some((term) => Array.isArray(term) && term[0] === field && term[1] === "=");

// What a figure is broken down by, in this order, unless it stands for one already.
const BREAKDOWN = {by_customer: "partner_id", by_rep: "rep_id"};

/** The days of a figure, by the dates that its domain holds. */
const daysOf = (domain) => {
    const bounds = (operator) =>
        domain
            .filter((term) => Array.isArray(term) && term[0] === "date")
            .filter((term) => term[1] === operator)
            .map((term) => DateTime.fromISO(term[2]))
            .filter((date) => date.isValid);
    const [first] = bounds(">=").sort((a, b) => b - a);
    const [end] = bounds("<").sort((a, b) => a - b);
    if (!first || !end) {
        return [];
    }
    const format = (date) => date.toLocaleString(DateTime.DATE_MED);
    return [`${format(first)} – ${format(end.minus({days: 1}))}`];
};

/** From a figure to the credits behind it: from whom, and by which rep. */
const withCreditsBehind = (Renderer) =>
    class extends Renderer {
        async openView(domain, _views, context, newWindow) {
            const action = await this.actionService.loadAction(
                "sales_force.sales_credit_action_behind",
            );
            const groups = Object.entries(BREAKDOWN)
                .filter(([, field]) => !isFixed(domain, field))
                .map(([name], index) => [`search_default_${name}`, index + 1]);
            const name = [...this.env.searchModel.chosenLabels, ...daysOf(domain)];
            await this.actionService.doAction(
                {
                    ...action,
                    name: name.join(" · "),
                    display_name: name.join(" · "),
                    domain,
                    context: {...context, ...Object.fromEntries(groups)},
                },
                {newWindow},
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
