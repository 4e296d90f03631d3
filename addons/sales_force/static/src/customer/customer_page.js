import {Component, onWillStart, onWillUpdateProps, useState} from "@odoo/owl";
import {deserializeDate, deserializeDateTime, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {formatFloat, formatMonetary} from "@web/views/fields/formatters";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const STEP = 20;
const PHASES = {
    "": _t("All"),
    before: _t("Before the sale"),
    sale: _t("Sale"),
    after: _t("After the sale"),
};
const RELATIONS = {
    above: _t("Part of"),
    below: _t("Owns"),
    beside: _t("Same group"),
    contact: _t("Same contact"),
    referrer: _t("Referred by"),
    referred: _t("Referred"),
};

/** A part of a customer's page that asks the server for what it shows. */
class CustomerPart extends Component {
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.state = useState({data: null});
        onWillStart(() => this.load(this.props.record));
        onWillUpdateProps(({record}) => {
            if (record.resId !== this.shownId) {
                return this.load(record);
            }
        });
    }

    call(record, method, ...parameters) {
        this.shownId = record.resId;
        return this.keepLast.add(
            this.orm.call(record.resModel, method, [[record.resId], ...parameters]),
        );
    }

    formatDay(value) {
        const day =
            value.length > 10 ? deserializeDateTime(value) : deserializeDate(value);
        return formatDate(day);
    }

    formatAmount(value, currencyId) {
        return formatMonetary(value, {currencyId});
    }
}

/** What happened with the customer, the latest first. */
export class CustomerTimeline extends CustomerPart {
    static template = "sales_force.CustomerTimeline";

    setup() {
        this.phases = PHASES;
        this.phase = "";
        this.limit = STEP;
        super.setup();
    }

    async load(record) {
        this.state.data = await this.call(
            record,
            "get_timeline",
            this.phase || false,
            this.limit,
        );
    }

    async setPhase(phase) {
        this.phase = phase;
        this.limit = STEP;
        await this.load(this.props.record);
    }

    async showMore() {
        this.limit += STEP;
        await this.load(this.props.record);
    }

    open(line) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: line.res_model,
            res_id: line.res_id,
            views: [[false, "form"]],
        });
    }
}

/** The last price of each product that the customer bought. */
export class CustomerPrices extends CustomerPart {
    static template = "sales_force.CustomerPrices";

    async load(record) {
        this.state.data = await this.call(record, "get_prices", 1000);
    }

    formatQuantity(price) {
        return `${formatFloat(price.quantity, {trailingZeros: false})} ${price.unit}`;
    }

    formatDiscount({discount}) {
        return discount ? `${formatFloat(discount, {trailingZeros: false})} %` : "";
    }
}

/** Who has to do with the customer. */
export class CustomerRelations extends CustomerPart {
    static template = "sales_force.CustomerRelations";

    setup() {
        this.relations = RELATIONS;
        super.setup();
    }

    async load(record) {
        this.state.data = await this.call(record, "get_relations");
    }

    async open({partner_id}) {
        const action = await this.call(
            this.props.record,
            "action_open_relation",
            partner_id,
        );
        await this.action.doAction(action);
    }
}

/** What to sell next to a customer, or with a quotation. */
export class Recommendations extends CustomerPart {
    static template = "sales_force.Recommendations";

    get isQuotation() {
        return this.props.record.resModel === "sale.order";
    }

    async load(record) {
        this.state.data = await this.call(record, "get_recommendations");
    }

    /**
     * Quote what was chosen; the services of the page, not of this part, as the
     * user may turn to another tab meanwhile.
     */
    async add({product_id}) {
        const {record} = this.props;
        const {action, orm, ui} = this.env.services;
        const call = (method) =>
            orm.call(record.resModel, method, [[record.resId], product_id]);
        if (!this.isQuotation) {
            await action.doAction(await call("action_quote"));
            return;
        }
        if (!(await record.save())) {
            return;
        }
        ui.block();
        try {
            await call("action_add_product");
            await record.load();
        } finally {
            ui.unblock();
        }
        await this.load(record);
    }
}

for (const [name, component] of Object.entries({
    sales_customer_timeline: CustomerTimeline,
    sales_customer_prices: CustomerPrices,
    sales_customer_relations: CustomerRelations,
    sales_recommendations: Recommendations,
})) {
    registry.category("view_widgets").add(name, {component});
}
