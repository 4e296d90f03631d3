import {Component, onMounted, useState} from "@odoo/owl";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {formatFloat, formatMonetary} from "@web/views/fields/formatters";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const AGES = [_t("1–30 days"), _t("31–60 days"), _t("61–90 days"), _t("over 90 days")];

/**
 * What a rep must know before promising: all lines of an order in one request.
 *
 * Closed it asks for what it says then; the details are asked for when it is opened.
 */
export class SalesPromise extends Component {
    static template = "sales_force.SalesPromise";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.ages = AGES;
        this.state = useState({data: null, open: false, all: false, shown: {}});
        this.mounted = false;
        // After the form is there, and again whenever it has been saved.
        useRecordObserver((record) => {
            const key = `${record.resId} ${record.data.state} ${record.dirty}`;
            if (this.mounted && !record.dirty && key !== this.key) {
                this.load();
            }
            this.key = key;
        });
        onMounted(() => {
            this.mounted = true;
            this.load();
        });
    }

    async load() {
        const {resId} = this.props.record;
        this.state.data = resId
            ? await this.keepLast.add(
                  this.orm.call("sale.order", "get_sales_promise", [[resId]], {
                      details: this.state.open,
                  }),
              )
            : null;
    }

    open() {
        this.state.open = !this.state.open;
        if (this.state.open && !this.state.data?.details) {
            this.load();
        }
    }

    get isChanged() {
        return this.props.record.dirty;
    }

    get warned() {
        return this.state.data.lines.filter((line) => this.warnings(line).length);
    }

    get lines() {
        return this.state.all ? this.state.data.lines : this.warned;
    }

    /** What is wrong with a line, in words, the worst first. */
    warnings({stock, unit}) {
        const found = [];
        if (stock?.short) {
            found.push(
                stock.available
                    ? _t("%(quantity)s %(unit)s short, all from %(day)s", {
                          quantity: this.number(stock.short),
                          unit,
                          day: this.day(stock.available),
                      })
                    : _t("%(quantity)s %(unit)s short", {
                          quantity: this.number(stock.short),
                          unit,
                      }),
            );
        }
        if (stock?.too_old) {
            found.push(
                _t("%(quantity)s %(unit)s expire too early for the customer", {
                    quantity: this.number(stock.too_old),
                    unit,
                }),
            );
        }
        return found;
    }

    /** What the closed panel says, with what is alarming of it. */
    get headline() {
        const {lines, customer, rep} = this.state.data;
        const parts = [];
        const short = lines.filter(({stock}) => stock?.short).length;
        const old = lines.filter(({stock}) => stock?.too_old).length;
        if (short) {
            parts.push({
                text: _t("%(count)s of %(total)s lines short", {
                    count: short,
                    total: lines.length,
                }),
                alarming: true,
            });
        }
        if (old) {
            parts.push({
                text: _t("%(count)s lines expire too early", {count: old}),
                alarming: true,
            });
        }
        if (lines.some(({stock}) => stock) && !short && !old) {
            parts.push({text: _t("All goods in time"), alarming: false});
        }
        if (customer?.overdue) {
            parts.push({
                text: _t("%(amount)s overdue", {amount: this.money(customer.overdue)}),
                alarming: true,
            });
        }
        if (customer?.limit) {
            parts.push({
                text: _t("Customer's limit: %(amount)s left", {
                    amount: this.money(customer.left),
                }),
                alarming: customer.left < 0,
            });
        }
        if (rep?.limit) {
            parts.push({
                text: _t("Rep's limit: %(amount)s left", {
                    amount: this.money(rep.left),
                }),
                alarming: rep.left < 0,
            });
        }
        return parts;
    }

    number(value) {
        return formatFloat(value, {trailingZeros: false});
    }

    money(value, currencyId = this.state.data.currency_id) {
        return formatMonetary(value, {currencyId});
    }

    day(value) {
        return formatDate(deserializeDate(value));
    }

    price({price, discount, currency_id, unit, day}) {
        const parts = [`${this.money(price, currency_id)} / ${unit}`];
        if (discount) {
            parts.push(`−${this.number(discount)} %`);
        }
        return `${parts.join(" ")} (${this.day(day)})`;
    }

    lotText({name, expires, days}) {
        return expires
            ? _t("%(lot)s · %(day)s (%(days)s days left)", {
                  lot: name,
                  day: this.day(expires),
                  days,
              })
            : name;
    }

    leadText({lead}) {
        return _t("Lead time: %s days", this.number(lead));
    }

    marginText({cost, rate, currency_id}) {
        return _t("Cost %(cost)s, margin %(rate)s %", {
            cost: this.money(cost, currency_id),
            rate: this.number(rate),
        });
    }

    get showAll() {
        return this.state.all
            ? _t("Only lines with a warning")
            : _t("All lines (%s)", this.state.data.lines.length);
    }

    toggle(line) {
        this.state.shown[line.id] = !this.state.shown[line.id];
    }

    mayAsk({bought, supply}) {
        return bought && (!supply || supply.again);
    }

    openContract(contract) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "sales.contract",
            res_id: contract.id,
            views: [[false, "form"]],
        });
    }

    /** What is on the screen is asked for, so it is saved before. */
    async ask(line) {
        if (!(await this.props.record.save())) {
            return;
        }
        await this.orm.call("sale.order.line", "action_ask_supply", [[line.id]]);
        await this.load();
    }
}

registry.category("view_widgets").add("sales_promise", {
    component: SalesPromise,
    fieldDependencies: [{name: "state", type: "selection"}],
});
