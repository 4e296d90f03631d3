import {kanbanView} from "@web/views/kanban/kanban_view";
import {registry} from "@web/core/registry";
import {SearchModel} from "@web/search/search_model";
import {utils} from "@web/core/ui/ui_service";

/** A phone shows one column, and the first may be empty: there the cards are a list. */
class TicketSearchModel extends SearchModel {
    async load(config) {
        const {defaultGroupBy, ...ungrouped} = config;
        await super.load(utils.isSmall() ? ungrouped : {...ungrouped, defaultGroupBy});
    }
}

registry.category("views").add("sales_service_tickets", {
    ...kanbanView,
    SearchModel: TicketSearchModel,
});
