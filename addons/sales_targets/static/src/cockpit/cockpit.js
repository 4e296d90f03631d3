import {Component, onWillStart, useState} from "@odoo/owl";
import {cookie} from "@web/core/browser/cookie";
import {getColor} from "@web/core/colors/colors";
import {deserializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat, formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "@sales_force/metric";
import {TargetChart, getThemeColor} from "../chart/chart";
import {useScrollTop} from "../scroll_top";
import {TargetCalendar} from "./calendar";

const KINDS = {month: _t("Month"), quarter: _t("Quarter"), total: _t("Whole Plan")};
// Below this pace help is needed, from the other on it is on track.
const SLOW = 0.8;
const ON_TRACK = 1;

/** Where a target, or all of the user's people, stands: in a period, day by day. */
export class Cockpit extends Component {
    static template = "sales_targets.Cockpit";
    static components = {Layout, TargetCalendar, TargetChart};
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.keepLast = new KeepLast();
        this.kinds = KINDS;
        this.display = {controlPanel: {}};
        const {action, resId, state} = this.props;
        this.chosen = {
            targetId: action.params?.target_id || resId || false,
            period: "month",
            planId: false,
            ...state,
        };
        this.state = useState({data: null});
        this.openCredits = this.openCredits.bind(this);
        this.format = this.format.bind(this);
        useSetupAction({getLocalState: () => ({...this.chosen})});
        useScrollTop("action", () => this.data.target?.id);
        onWillStart(() => this.load());
    }

    async load() {
        const {targetId, period, planId} = this.chosen;
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.target.plan", "get_cockpit", [
                targetId,
                period,
                planId,
            ]),
        );
        this.chart = this.data.status === "ok" && this.getCurve();
        this.props.updateActionState?.({resId: targetId});
    }

    async show(values) {
        this.chosen = {...this.chosen, ...values};
        await this.load();
    }

    // What is shown

    get data() {
        return this.state.data;
    }

    get periodName() {
        return this.getPeriodName(this.data.period);
    }

    getPeriodName({kind, start, stop}) {
        const first = deserializeDate(start);
        const last = deserializeDate(stop);
        const year = {month: "short", year: "numeric"};
        return kind === "month"
            ? first.toLocaleString({month: "long", year: "numeric"})
            : `${first.toLocaleString({month: "short"})} – ${last.toLocaleString(year)}`;
    }

    get siblings() {
        const {period, periods} = this.data;
        const same = periods.filter(({kind}) => kind === period.kind);
        const place = same.findIndex(({key}) => key === period.key);
        return {before: same[place - 1], after: same[place + 1]};
    }

    get isBegun() {
        return this.data.period.start <= this.data.today;
    }

    get notBegun() {
        const begins = deserializeDate(this.data.period.start).toLocaleString({
            day: "numeric",
            month: "long",
            year: "numeric",
        });
        return _t("The period begins on %s: nothing is expected yet.", begins);
    }

    get unassigned() {
        const {leader} = this.data;
        return leader
            ? _t(
                  "%s, your leader, will tell you: it appears here as soon as the plan is published.",
                  leader,
              )
            : _t("It appears here as soon as the plan is published.");
    }

    get isSupporting() {
        return this.data.plan.kind !== "core";
    }

    format(value, humanReadable = false, largest = value) {
        return this.formatIn(this.data.plan, value, humanReadable, largest);
    }

    formatIn(plan, value, humanReadable = false, largest = value) {
        return formatMetric(value, plan.unit, {
            currencyId: plan.currency_id,
            humanReadable,
            largest,
        });
    }

    percent(value) {
        return value === null ? "–" : formatPercentage(value, {digits: [16, 0]});
    }

    pace(value) {
        return value === null ? "–" : formatFloat(value, {digits: [16, 2]});
    }

    /** How it goes, in a word and a colour. */
    getTone({pace, target, gap}) {
        if (target && gap <= 0) {
            return {name: _t("Reached"), color: "success", icon: "fa-trophy"};
        }
        if (pace === null) {
            return {name: _t("Not begun"), color: "secondary", icon: "fa-clock-o"};
        }
        if (pace >= ON_TRACK) {
            return {name: _t("On track"), color: "success", icon: "fa-check"};
        }
        return pace >= SLOW
            ? {name: _t("Behind"), color: "warning", icon: "fa-exclamation"}
            : {
                  name: _t("Far behind"),
                  color: "danger",
                  icon: "fa-exclamation-triangle",
              };
    }

    get sentence() {
        const {figures} = this.data;
        if (!figures.target) {
            return _t("There is no target in this period.");
        }
        if (figures.gap <= 0) {
            return _t("Reached: %s more than the target.", this.format(-figures.gap));
        }
        if (figures.days_left === 1) {
            return _t("%s to go on the last working day.", this.format(figures.gap));
        }
        if (figures.days_left) {
            const values = {
                gap: this.format(figures.gap),
                required: this.format(figures.required),
                days: formatFloat(figures.days_left, {
                    digits: [16, 1],
                    trailingZeros: false,
                }),
            };
            return _t(
                "%(gap)s to go: %(required)s on each of the %(days)s working days left.",
                values,
            );
        }
        return _t(
            "%s is missing, and no working day is left.",
            this.format(figures.gap),
        );
    }

    /** The thermometer: parts of its length, in percent. */
    get thermometer() {
        const {achieved, expected, target} = this.data.figures;
        const most = Math.max(achieved, expected, target) || 1;
        const part = (value) => Math.max(0, (100 * value) / most);
        return {
            achieved: part(achieved),
            expected: part(expected),
            target: part(target),
            words: _t(
                "%(achieved)s achieved, %(expected)s expected by now, of %(target)s",
                {
                    achieved: this.format(achieved),
                    expected: this.format(expected),
                    target: this.format(target),
                },
            ),
        };
    }

    get tiles() {
        const {figures} = this.data;
        return [
            {
                name: "pace",
                label: _t("Pace"),
                value: this.pace(figures.pace),
                hint: _t("Achieved by what is expected; 1 is on track."),
                open: () => this.openPeriod(),
            },
            {
                name: "gap",
                label: figures.gap > 0 ? _t("Gap to Target") : _t("Above Target"),
                value: this.format(Math.abs(figures.gap), true),
                hint: this.format(Math.abs(figures.gap)),
                open: () => this.explainGap(),
            },
            {
                name: "required",
                label: _t("Needed a Day"),
                value: this.format(figures.required, true),
                hint: _t("On each remaining working day, to reach the target."),
                open: () => this.openPeriod(),
            },
            this.landing,
        ];
    }

    /** The forecast with its range, where past months tell; else as it goes on. */
    get landing() {
        const {landing, landing_p10, landing_p50, landing_p90} = this.data.figures;
        const tile = {
            name: "landing",
            label: _t("Landing"),
            value: this.format(landing, true),
            hint: _t("Where it ends if it goes on like this."),
            open: () => this.openPeriod(),
        };
        if (landing_p50 === null) {
            return tile;
        }
        const linear = this.format(landing);
        return {
            ...tile,
            label: _t("Likely Landing"),
            value: this.format(landing_p50, true),
            detail: `${this.format(landing_p10, true)} – ${this.format(landing_p90, true)}`,
            hint: _t(
                "In eight of ten such situations it ends in this range; if it goes on like this: %s.",
                linear,
            ),
        };
    }

    get children() {
        const {children} = this.data;
        const most = Math.max(
            ...children.map(({achieved, target}) => Math.max(achieved, target)),
            1,
        );
        return children.map((child) => ({
            ...child,
            tone: this.getTone(child),
            bar: Math.max(0, (100 * child.achieved) / most),
            mark: (100 * child.target) / most,
        }));
    }

    /** One below the other amounts are shortened alike. */
    formatAchieved(value) {
        const {children, others} = this.data;
        const largest = Math.max(
            ...children.map(({achieved}) => Math.abs(achieved)),
            Math.abs(others || 0),
        );
        return this.format(value, true, largest);
    }

    getBehind({behind}) {
        return _t("%s behind", this.format(behind, true));
    }

    get helped() {
        return this.data.help.map((id) =>
            this.data.children.find((child) => child.id === id),
        );
    }

    /** Target and achieved, summed day by day. */
    getCurve() {
        const {days, plan, today} = this.data;
        const target = [];
        const achieved = [];
        let due = 0;
        let done = 0;
        for (const [day, planned, value] of days) {
            due += planned;
            done += value;
            target.push(due);
            if (day <= today) {
                achieved.push(done);
            }
        }
        const labels = days.map(([day]) =>
            deserializeDate(day).toLocaleString({day: "numeric", month: "short"}),
        );
        const color = getColor(0, cookie.get("color_scheme"), "odoo");
        const muted = getThemeColor("secondary-color") || "#888";
        const line = {pointRadius: 0, pointHitRadius: 8, borderWidth: 2};
        const format = (value) => this.formatIn(plan, value, true);
        return {
            type: "line",
            data: {
                labels,
                datasets: [
                    {
                        ...line,
                        label: _t("Achieved"),
                        data: achieved,
                        borderColor: color,
                        backgroundColor: `${color}33`,
                        fill: true,
                    },
                    {
                        ...line,
                        label: _t("Target"),
                        data: target,
                        borderColor: muted,
                        borderDash: [6, 4],
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: {mode: "index", intersect: false},
                onClick: (_event, [point]) => {
                    if (point) {
                        const [day] = days[point.index];
                        this.openCredits(day, day);
                    }
                },
                plugins: {
                    legend: {labels: {boxHeight: 0, color: muted}},
                    tooltip: {
                        callbacks: {
                            label: ({dataset, raw}) =>
                                `${dataset.label}: ${this.formatIn(plan, raw)}`,
                        },
                    },
                },
                scales: {
                    x: {
                        grid: {display: false},
                        ticks: {color: muted, maxRotation: 0, autoSkipPadding: 16},
                    },
                    y: {
                        beginAtZero: true,
                        ticks: {color: muted, callback: format, maxTicksLimit: 6},
                    },
                },
            },
        };
    }

    // Where it leads

    async openCredits(start, stop, {ids = this.data.target.ids, others = false} = {}) {
        const action = await this.orm.call("sales.target", "action_open_credits", [
            ids,
            start,
            stop,
            others,
        ]);
        await this.actionService.doAction(action);
    }

    openPeriod(options) {
        const {start, stop} = this.data.period;
        return this.openCredits(start, stop, options);
    }

    /** What made the gap; before the period begins there is nothing to explain. */
    explainGap() {
        if (!this.isBegun) {
            return this.openPeriod();
        }
        const {period, target} = this.data;
        return this.actionService.doAction("sales_targets.sales_deviation_action", {
            props: {
                asked: {ids: target.ids, dateFrom: period.start, dateTo: period.stop},
            },
        });
    }

    openChild({id}) {
        return this.show({targetId: id});
    }

    openTarget() {
        const {id, ids} = this.data.target;
        const several = {
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [["id", "in", ids]],
        };
        return this.actionService.doAction({
            type: "ir.actions.act_window",
            name: _t("Target"),
            res_model: "sales.target",
            ...(id ? {res_id: id, views: [[false, "form"]]} : several),
        });
    }

    async openMeeting() {
        const action = await this.orm.call("sales.meeting", "action_open_week", []);
        await this.actionService.doAction(action);
    }

    openGoal(goal) {
        return this.show({targetId: goal.target_id, planId: goal.id});
    }

    openPlans(create) {
        return this.actionService.doAction(
            "sales_targets.sales_target_plan_action",
            create ? {viewType: "form"} : {},
        );
    }
}

registry.category("actions").add("sales_targets.cockpit", Cockpit);
