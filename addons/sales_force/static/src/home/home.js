import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "../metric";
import {getTrendProps, Sparkline} from "../my_performance/sparkline";

const PERIODS = {
    month: _t("This month"),
    quarter: _t("This quarter"),
    year: _t("This year"),
};

/** What a manager looks at first; each figure opens what it is made of. */
export class SalesHome extends Component {
    static template = "sales_force.Home";
    static components = {Layout, Sparkline};
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.periods = PERIODS;
        this.display = {controlPanel: {}};
        this.state = useState({period: this.props.state?.period || "month"});
        useSetupAction({getLocalState: () => ({period: this.state.period})});
        onWillStart(() => this.setPeriod(this.state.period));
    }

    async setPeriod(period) {
        this.state.period = period;
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.home", "get_home", [period]),
        );
    }

    format(value, unit, humanReadable = true) {
        return formatMetric(value, unit, {
            currencyId: this.state.data.currency_id,
            humanReadable,
        });
    }

    describe({detail, last_year, value}) {
        if (detail) {
            return detail;
        }
        if (!last_year) {
            return "";
        }
        const change = (value - last_year) / Math.abs(last_year);
        const text = formatPercentage(change, {digits: [16, 0]});
        return _t("%(change)s against the same days last year", {
            change: change > 0 ? `+${text}` : text,
        });
    }

    getTrend({trend, unit}) {
        return getTrendProps(this.state.data.months, trend, (value) =>
            this.format(value, unit, false),
        );
    }

    /** How long the bar of a place is, in percent of the first one's. */
    getWidth({value}) {
        const longest = Math.max(...this.state.data.ranking.map((line) => line.value));
        return longest > 0 ? Math.max(0, (100 * value) / longest) : 0;
    }

    async open(code) {
        const action = await this.orm.call("sales.home", "action_open", [
            code,
            this.state.data.period,
        ]);
        await this.actionService.doAction(action);
    }

    /** The credits behind a place of the ranking. */
    async openPlace(id) {
        const action = await this.orm.call("sales.ranking", "action_open_performance", [
            id,
        ]);
        await this.actionService.doAction(action);
    }

    download() {
        return this.actionService.doAction({
            type: "ir.actions.act_url",
            url: `/sales_force/home?period=${this.state.data.period}&company_id=${user.activeCompany.id}`,
            target: "download",
        });
    }
}

registry.category("actions").add("sales_force.home", SalesHome);
