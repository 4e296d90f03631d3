import {Component, onWillStart, useEffect, useRef, useState} from "@odoo/owl";
import {cookie} from "@web/core/browser/cookie";
import {getColor} from "@web/core/colors/colors";
import {formatCurrency} from "@web/core/currency";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat, formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {TargetChart, getThemeColor} from "@sales_targets/chart/chart";

const DASH = "–";
// So many of those who gain, and who lose, are drawn.
const MOST = 8;
// So many rows of the table at first.
const ROWS = 50;
const MODEL = "sales.commission.sandbox";

/** What two ways of paying commission come to, over periods that are over. */
export class CommissionSandbox extends Component {
    static template = "sales_appraisal.Sandbox";
    static components = {Layout, TargetChart};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        const {left, right} = this.props.action.params || {};
        this.run = 0;
        this.state = useState({
            options: null,
            chosen: {left, right, first: null, last: null, ...this.props.state},
            done: 0,
            asked: 0,
            data: null,
            sort: {name: "difference", down: false},
            rows: ROWS,
            person: null,
        });
        useSetupAction({getLocalState: () => ({...this.state.chosen})});
        this.person = useRef("person");
        onWillStart(() => this.choose({}));
        useEffect(
            (id) => {
                if (id) {
                    this.person.el.scrollIntoView({behavior: "smooth"});
                }
            },
            () => [this.state.person?.id],
        );
    }

    /** Other sides: their periods, and what they come to. */
    async choose(values) {
        Object.assign(this.state.chosen, values);
        const {chosen} = this.state;
        const options = await this.keepLast.add(
            this.orm.call(MODEL, "get_options", [
                chosen.left || null,
                chosen.right || null,
            ]),
        );
        this.state.options = options;
        if (!options.right) {
            return;
        }
        const {left, right, first, last, periods} = options;
        const known = new Set(periods.map((period) => period.start));
        Object.assign(chosen, {left, right});
        if (!known.has(chosen.first) || !known.has(chosen.last)) {
            Object.assign(chosen, {first, last});
        }
        this.compare();
    }

    setPeriod(name, start) {
        const {chosen} = this.state;
        chosen[name] = start;
        if (chosen.first > chosen.last) {
            Object.assign(chosen, {first: start, last: start});
        }
        this.compare();
    }

    /** One period after the other, until something else is chosen. */
    async compare() {
        const run = ++this.run;
        const {left, right, first, last} = this.state.chosen;
        const starts = this.state.options.periods
            .map((period) => period.start)
            .filter((start) => first && first <= start && start <= last);
        Object.assign(this.state, {done: 0, asked: starts.length, person: null});
        const call = (...args) => this.orm.call(MODEL, ...args);
        const periods = [];
        try {
            for (const start of starts) {
                periods.push(await call("get_period", [left, right, start]));
                if (run !== this.run) {
                    return;
                }
                this.state.done += 1;
            }
            const data = await call("get_summary", [left, right, periods]);
            if (run === this.run) {
                this.show(data, periods);
            }
        } finally {
            if (run === this.run) {
                this.state.asked = 0;
            }
        }
    }

    show(data, periods) {
        this.periods = periods;
        this.state.data = data;
        this.charts = {
            distribution: this.getDistribution(data),
            moves: this.getMoves(data),
            share: this.getShares(data),
        };
        this.state.rows = ROWS;
    }

    get isWorking() {
        return this.state.asked > 0;
    }

    get progress() {
        return Math.round((100 * this.state.done) / (this.state.asked || 1));
    }

    // Figures as they are read

    money(value) {
        return typeof value === "number"
            ? formatCurrency(value, this.state.data.currency_id)
            : DASH;
    }

    /** A difference always says its sign. */
    signed(value) {
        return value > 0 ? `+${this.money(value)}` : this.money(value);
    }

    percent(value) {
        return typeof value === "number"
            ? formatPercentage(value, {digits: [16, 2]})
            : DASH;
    }

    /** A round amount, short. */
    short(value) {
        return formatFloat(value, {digits: [16, 0]});
    }

    tone(value) {
        if (!value) {
            return "text-muted";
        }
        return value > 0 ? "text-success" : "text-danger";
    }

    /** Rows of the key figures: of each side, and the difference where it says much. */
    getFigures() {
        const [left, right] = this.state.data.sides;
        const row = (label, name, format, compared = true) => ({
            label,
            left: this[format](left[name]),
            right: this[format](right[name]),
            difference: compared ? this.getChange(left[name], right[name], format) : "",
        });
        return [
            row(_t("Cost"), "total", "money"),
            row(_t("Of revenue"), "share", "percent"),
            row(_t("People"), "count", "short"),
            row(_t("Median"), "median", "money"),
            row(_t("Lower quarter, up to"), "low", "money"),
            row(_t("Upper quarter, from"), "high", "money"),
            row(_t("Lowest"), "lowest", "money"),
            row(_t("Highest"), "highest", "money"),
            row(_t("Of the best paid tenth"), "top", "percent"),
        ];
    }

    getChange(left, right, format) {
        if (typeof left !== "number" || typeof right !== "number") {
            return DASH;
        }
        const change = right - left;
        return change > 0 ? `+${this[format](change)}` : this[format](change);
    }

    // People

    sortBy(name) {
        const {sort} = this.state;
        this.state.sort = {name, down: sort.name === name ? !sort.down : false};
    }

    getPeople() {
        const {name, down} = this.state.sort;
        const sign = down ? -1 : 1;
        const order = (one, other) => {
            const [a, b] = [one[name], other[name]];
            if (typeof a === "string") {
                return a.localeCompare(b);
            }
            return (a ?? -Infinity) - (b ?? -Infinity) || one.id - other.id;
        };
        return this.state.data.people.toSorted((a, b) => sign * order(a, b));
    }

    getMark(name) {
        const {sort} = this.state;
        if (sort.name !== name) {
            return "";
        }
        return sort.down ? "fa-sort-desc" : "fa-sort-asc";
    }

    getAria(name) {
        const {sort} = this.state;
        if (sort.name !== name) {
            return "none";
        }
        return sort.down ? "descending" : "ascending";
    }

    get showAll() {
        return _t("Show all %s", this.state.data.people.length);
    }

    getShownLines({lines, count}) {
        return _t("The first %(shown)s of %(count)s lines.", {
            shown: lines.length,
            count,
        });
    }

    get columns() {
        const [left, right] = this.state.data.sides;
        return [
            {name: "name", label: _t("Rep")},
            {name: "left", label: left.name, end: true, more: true},
            {name: "right", label: right.name, end: true, more: true},
            {name: "difference", label: _t("Difference"), end: true},
            {name: "sold", label: _t("Invoiced"), end: true, more: true},
        ];
    }

    /** A rep's periods; the one that differs most is opened. */
    openPerson(person) {
        const scale = 10 ** this.state.data.places;
        const shown = (value) => (value === null ? null : value / scale);
        const periods = this.periods.flatMap(({start, name, rows}) =>
            rows
                .filter(([id]) => id === person.id)
                .map(([, left, right]) => ({
                    start,
                    name,
                    left: shown(left),
                    right: shown(right),
                    difference: shown((right || 0) - (left || 0)),
                })),
        );
        const most = periods.reduce((one, other) =>
            Math.abs(other.difference) > Math.abs(one.difference) ? other : one,
        );
        this.state.person = {...person, periods, detail: null, start: null};
        return this.openPeriod(most.start);
    }

    async openPeriod(start) {
        const {person} = this.state;
        const {left, right} = this.state.chosen;
        person.start = start;
        const detail = await this.orm.call(MODEL, "get_person", [
            left,
            right,
            start,
            person.id,
        ]);
        if (person.start === start) {
            person.detail = detail;
        }
    }

    closePerson() {
        this.state.person = null;
    }

    openPlans() {
        return this.action.doAction("sales_appraisal.sales_commission_plan_action");
    }

    download() {
        const query = new URLSearchParams(this.state.chosen);
        return this.action.doAction({
            type: "ir.actions.act_url",
            url: `/sales_appraisal/sandbox?${query}`,
            target: "download",
        });
    }

    // Charts

    getColors() {
        const scheme = cookie.get("color_scheme");
        return [getColor(8, scheme), getColor(1, scheme)];
    }

    getOptions({legend = true, ...more} = {}) {
        const color = getThemeColor("body-color");
        return {
            maintainAspectRatio: false,
            plugins: {
                legend: {display: legend, position: "bottom", labels: {color}},
            },
            scales: {
                x: {ticks: {color}, grid: {display: false}},
                y: {ticks: {color}, beginAtZero: true},
            },
            ...more,
        };
    }

    getDistribution(data) {
        const labels = data.bands.map(
            (band) => `${this.short(band.from)}–${this.short(band.below)}`,
        );
        const sides = data.sides.map(({name}, side) => ({
            label: name,
            data: data.bands.map((band) => band.counts[side]),
            backgroundColor: this.getColors()[side],
        }));
        const options = this.getOptions();
        options.scales.y.ticks.precision = 0;
        return {
            summary: sides
                .map(({label, data: counts}) =>
                    _t("%(side)s, people by what they get: %(counts)s", {
                        side: label,
                        counts: labels
                            .map((band, index) => `${band}: ${counts[index]}`)
                            .join(", "),
                    }),
                )
                .join(". "),
            config: {type: "bar", data: {labels, datasets: sides}, options},
        };
    }

    /** The greatest losses and gains, one bar for each rep. */
    getMoves(data) {
        const moved = data.people.filter((person) => person.difference);
        const losers = moved.filter((person) => person.difference < 0).slice(0, MOST);
        const winners = moved.filter((person) => person.difference > 0).slice(-MOST);
        const shown = [...losers, ...winners];
        const options = this.getOptions({legend: false, indexAxis: "y"});
        options.scales.y.ticks.autoSkip = false;
        options.onClick = (_ev, [found]) =>
            found && this.openPerson(shown[found.index]);
        return {
            count: shown.length,
            hidden:
                moved.length > shown.length &&
                _t(
                    "The greatest differences; %s more are in the table.",
                    moved.length - shown.length,
                ),
            summary: shown
                .map((person) => `${person.name}: ${person.difference}`)
                .join(", "),
            config: {
                type: "bar",
                data: {
                    labels: shown.map((person) => person.name),
                    datasets: [
                        {
                            data: shown.map((person) => person.difference),
                            backgroundColor: shown.map((person) =>
                                getThemeColor(
                                    person.difference > 0 ? "success" : "danger",
                                ),
                            ),
                        },
                    ],
                },
                options,
            },
        };
    }

    getShares(data) {
        const sides = data.sides.map(({name}, side) => ({
            label: name,
            data: data.periods.map(({shares}) =>
                shares[side] === null ? null : 100 * shares[side],
            ),
            borderColor: this.getColors()[side],
            backgroundColor: this.getColors()[side],
            pointRadius: 3,
        }));
        return {
            summary: data.periods
                .map(
                    ({name, shares}) =>
                        `${name}: ${shares.map((share) => this.percent(share)).join(" / ")}`,
                )
                .join(", "),
            config: {
                type: "line",
                data: {labels: data.periods.map(({name}) => name), datasets: sides},
                options: this.getOptions(),
            },
        };
    }
}

registry.category("actions").add("sales_appraisal.sandbox", CommissionSandbox);
