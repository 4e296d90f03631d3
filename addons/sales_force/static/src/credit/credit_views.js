import {registry} from "@web/core/registry";
import {SearchModel} from "@web/search/search_model";
import {kanbanView} from "@web/views/kanban/kanban_view";
import {listView} from "@web/views/list/list_view";
import {withOneMetric} from "./one_metric";

const views = registry.category("views");

views.add("sales_credit_list", {
    ...listView,
    SearchModel: withOneMetric(SearchModel),
});
views.add("sales_ranking_list", {
    ...listView,
    SearchModel: withOneMetric(SearchModel),
});
views.add("sales_ranking_kanban", {
    ...kanbanView,
    SearchModel: withOneMetric(SearchModel),
});
