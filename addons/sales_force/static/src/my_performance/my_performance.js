import {Component, onWillStart, useState} from "@odoo/owl";
import {deserializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "../metric";
import {getTrendProps, Sparkline} from "./sparkline";

const PERIODS = {
    month: {
        name: _t("Month"),
        current: _t("This month"),
        previous: _t("Same days last month"),
        last_year: _t("Same days last year"),
    },
    quarter: {
        name: _t("Quarter"),
        current: _t("This quarter"),
        previous: _t("Same days last quarter"),
        last_year: _t("Same days last year"),
    },
    year: {
        name: _t("Year"),
        current: _t("This year"),
        previous: _t("Same days last year"),
        last_year: false,
    },
};

/** The figures of one rep: a card per metric, against before, with twelve months. */
export class MyPerformance extends Component {
    static template = "sales_force.MyPerformance";
    static components = {Layout, RecordSelector, Sparkline};
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.periods = PERIODS;
        this.display = {controlPanel: {}};
        const {period, repId} = this.props.state || {};
        this.state = useState({period: period || "month", repId: repId || false});
        useSetupAction({
            getLocalState: () => ({period: this.state.period, repId: this.state.repId}),
        });
        onWillStart(() => this.load());
    }

    async load() {
        const {period, repId} = this.state;
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.performance", "get_cards", [repId, period]),
        );
    }

    async setPeriod(period) {
        this.state.period = period;
        await this.load();
    }

    async setRep(repId) {
        this.state.repId = repId;
        await this.load();
    }

    get words() {
        return PERIODS[this.state.data.period];
    }

    get repDomain() {
        return [["company_id", "=", user.activeCompany.id]];
    }

    get range() {
        const [start, stop] = this.state.data.spans.current.map((day) =>
            deserializeDate(day).toLocaleString({day: "numeric", month: "short"}),
        );
        return `${start} – ${stop}`;
    }

    format(card, value, humanReadable = false) {
        return formatMetric(value, card.unit, {
            currencyId: this.state.data.currency_id,
            humanReadable,
        });
    }

    getPlace({rank, rank_count}) {
        return _t("Place %(rank)s of %(count)s", {rank, count: rank_count});
    }

    getOverlay(card) {
        return _t("%s more as overlay", this.format(card, card.overlay, true));
    }

    /** Against another span: percent of amounts, points of percentages. */
    compare(card, before) {
        const after = card.current;
        if (before === null || after === null || (!before && card.unit !== "percent")) {
            return {text: after ? _t("From zero") : "–", tone: "text-muted"};
        }
        const change =
            card.unit === "percent"
                ? after - before
                : (after - before) / Math.abs(before);
        const text =
            card.unit === "percent"
                ? _t("%s points", (change * 100).toFixed(1))
                : formatPercentage(change, {digits: [16, 0]});
        const better = card.higher_is_better ? change > 0 : change < 0;
        const tone = !change ? "text-muted" : better ? "text-success" : "text-danger";
        return {text: change > 0 ? `+${text}` : text, tone};
    }

    getComparisons(card) {
        return ["previous", "last_year"]
            .filter((name) => this.words[name])
            .map((name) => ({
                name,
                label: this.words[name],
                value: this.format(card, card[name], true),
                ...this.compare(card, card[name]),
            }));
    }

    getTrend(card) {
        return getTrendProps(this.state.data.months, card.trend, (value) =>
            this.format(card, value),
        );
    }

    async openCredits(card) {
        const {period, rep} = this.state.data;
        const action = await this.orm.call("sales.performance", "action_open_credits", [
            rep.id,
            card.metric_id,
            period,
        ]);
        await this.actionService.doAction(action);
    }
}

registry.category("actions").add("sales_force.my_performance", MyPerformance);
