import {Component, onWillStart, useState} from "@odoo/owl";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {deserializeDate, formatDate, serializeDate, today} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat, formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "@sales_force/metric";
import {TargetChart, getThemeColor} from "../chart/chart";
import {useScrollTop} from "../scroll_top";

// Causes without credits of their own.
const UNCREDITED = ["days", "rate", "hedge"];
const TASK_DAYS = 7;
const LINE = 16;

/** A label in lines that leave room for the bars of a phone. */
function wrap(label) {
    const lines = [""];
    for (const word of label.split(" ")) {
        if ((lines.at(-1) + word).length > LINE) {
            lines.push("");
        }
        lines[lines.length - 1] += `${word} `;
    }
    return lines.map((line) => line.trim()).filter(Boolean);
}

/** Why a target was missed: a waterfall of its causes, and what is done about it. */
export class Deviation extends Component {
    static template = "sales_targets.Deviation";
    static components = {DateTimeInput, Layout, RecordSelector, TargetChart};
    static props = {
        ...standardActionServiceProps,
        asked: {type: Object, optional: true},
    };

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.ui = useService("ui");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.userDomain = [["share", "=", false]];
        const {asked, resId, state} = this.props;
        this.chosen = {
            // None: all of the user's people.
            ids: resId ? [resId] : [],
            dateFrom: false,
            dateTo: false,
            ...asked,
            ...state,
        };
        // What the way up leads to.
        this.way = this.chosen.way || [];
        this.state = useState({data: null, task: null});
        useSetupAction({getLocalState: () => ({...this.chosen, way: this.way})});
        useScrollTop("action", () => this.data.target.id);
        onWillStart(() => this.load());
    }

    async load() {
        const {ids, dateFrom, dateTo} = this.chosen;
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.target", "get_explanation", [ids, dateFrom, dateTo]),
        );
        this.state.task = null;
        this.chart = this.getWaterfall();
        this.props.updateActionState?.({resId: this.data.target.id});
    }

    get data() {
        return this.state.data;
    }

    get periodName() {
        const [start, stop] = [this.data.date_from, this.data.date_to].map((day) =>
            formatDate(deserializeDate(day)),
        );
        return `${start} – ${stop}`;
    }

    get effects() {
        return this.data.rows.filter(({kind}) => kind === "effect");
    }

    /** Of several targets together there are no rates. */
    get hasRates() {
        return this.effects.some(({actual_rate, planned_rate}) =>
            [actual_rate, planned_rate].some((rate) => rate !== null),
        );
    }

    format(value, options) {
        return formatMetric(value, this.data.metric.unit, {
            currencyId: this.data.currency_id,
            ...options,
        });
    }

    /** A part of a gap: the sign is before the currency, whichever it is. */
    signed(value) {
        const sign = value > 0 ? "+" : value < 0 ? "-" : "";
        return sign + this.format(Math.abs(value));
    }

    /** The product mix is a part of what it would be as planned, and close to it. */
    rate(key, value) {
        if (value === null) {
            return "–";
        }
        return key === "mix"
            ? formatPercentage(value, {digits: [16, 1]})
            : formatFloat(value, {digits: [16, 2], trailingZeros: false});
    }

    getTone(value) {
        return value > 0 ? "text-success" : value < 0 ? "text-danger" : "text-muted";
    }

    /** What to know of a row; the mix splits the step before it. */
    getNote({joined, key}, index) {
        if (joined.length) {
            return _t("with %s, which cannot be told apart", joined.join(", "));
        }
        if (key === "mix") {
            return _t("what other product categories than planned were sold makes");
        }
        return this.data.rows[index + 1]?.key === "mix"
            ? _t("with product categories as planned")
            : "";
    }

    formatDay(day) {
        return formatDate(deserializeDate(day));
    }

    /** What costs a child most. */
    getCause({effects}) {
        const [key, value] = Object.entries(effects).reduce((worst, cause) =>
            cause[1] < worst[1] ? cause : worst,
        );
        const row = this.data.rows.find((found) => found.key === key);
        return value < 0 && row ? row.name : "";
    }

    get costsMost() {
        const {name, value} = this.data.largest;
        return _t("%(cause)s costs most: %(value)s", {
            cause: name,
            value: this.signed(value),
        });
    }

    get summary() {
        return this.data.rows
            .map(({name, kind, value}) =>
                kind === "total"
                    ? `${name}: ${this.format(value)}`
                    : `${name}: ${this.signed(value)}`,
            )
            .join(", ");
    }

    /** Floating bars from what was planned to what came, each beginning where the one
     * before ends. */
    getWaterfall() {
        const {rows} = this.data;
        const muted = getThemeColor("secondary-color") || "#888";
        const largest = Math.max(
            ...rows.flatMap(({start, stop}) => [Math.abs(start), Math.abs(stop)]),
        );
        const colors = {
            total: muted,
            more: getThemeColor("success") || "#28a745",
            less: getThemeColor("danger") || "#dc3545",
        };
        const upright = !this.ui.isSmall;
        const [across, along] = upright ? ["x", "y"] : ["y", "x"];
        return {
            type: "bar",
            data: {
                labels: rows.map(({name}) => (upright ? name : wrap(name))),
                datasets: [
                    {
                        data: rows.map(({start, stop}) => [start, stop]),
                        backgroundColor: rows.map(({kind, value}) =>
                            kind === "total" || !value
                                ? colors.total
                                : value < 0
                                  ? colors.less
                                  : colors.more,
                        ),
                        minBarLength: 2,
                    },
                ],
            },
            options: {
                animation: false,
                indexAxis: across,
                maintainAspectRatio: false,
                onClick: (_event, [bar]) => bar && this.openRow(rows[bar.index]),
                plugins: {
                    legend: {display: false},
                    tooltip: {
                        displayColors: false,
                        callbacks: {
                            label: ({dataIndex}) => {
                                const {kind, value} = rows[dataIndex];
                                return kind === "total"
                                    ? this.format(value)
                                    : this.signed(value);
                            },
                        },
                    },
                },
                scales: {
                    [across]: {
                        grid: {display: false},
                        ticks: {color: muted, maxRotation: 40, autoSkip: false},
                    },
                    [along]: {
                        ticks: {
                            color: muted,
                            maxRotation: 0,
                            maxTicksLimit: upright ? 8 : 3,
                            callback: (value) =>
                                this.format(value, {humanReadable: true, largest}),
                        },
                    },
                },
            },
        };
    }

    // Where it leads

    hasCredits({key}) {
        return !UNCREDITED.includes(key) && key !== "planned";
    }

    async openRow(row) {
        if (!this.hasCredits(row)) {
            return;
        }
        const {date_from, date_to, target} = this.data;
        const outside = row.key === "outside";
        const action = await this.orm.call("sales.target", "action_open_credits", [
            target.ids,
            date_from,
            date_to,
            outside,
            outside || row.key === "actual" ? false : row.key,
        ]);
        await this.actionService.doAction(action);
    }

    async show(ids) {
        this.chosen.ids = ids;
        await this.load();
    }

    async openChild({id}) {
        const {ids, name} = this.data.target;
        this.way = [...this.way, {ids, name}];
        await this.show([id]);
    }

    async openAbove(index) {
        const {ids} = this.way[index];
        this.way = this.way.slice(0, index);
        await this.show(ids);
    }

    // What is done about it

    planTask({key, name}, note = "") {
        this.state.task = {
            key,
            name,
            note,
            userId: user.userId,
            date: today().plus({days: TASK_DAYS}),
        };
    }

    /** What other addons do about the largest cause. */
    async takeAction({method}) {
        const {date_from, date_to, largest} = this.data;
        const action = await this.orm.call("sales.target", method, [
            [largest.target_id],
            largest.key,
            date_from,
            date_to,
        ]);
        await this.actionService.doAction(action);
    }

    async takeMeasure() {
        const {key, userId, date, note} = this.state.task;
        const {date_from, date_to, largest, target} = this.data;
        const worst =
            largest && largest.key === key ? largest.target_id : target.ids[0];
        await this.orm.call("sales.target", "action_take_measure", [
            [worst],
            key,
            userId,
            date ? serializeDate(date) : false,
            note,
            date_from,
            date_to,
        ]);
        this.notification.add(_t("The task is given."), {type: "success"});
        await this.load();
    }

    openTask({id}) {
        return this.actionService.doAction({
            type: "ir.actions.act_window",
            res_model: "mail.activity",
            res_id: id,
            views: [[false, "form"]],
            target: "new",
        });
    }
}

registry.category("actions").add("sales_targets.deviation", Deviation);
