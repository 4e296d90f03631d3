import {Component, onWillStart, onWillUnmount, useEffect, useRef} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";
import {deserializeDateTime} from "@web/core/l10n/dates";
import {localization} from "@web/core/l10n/localization";
import {is24HourFormat} from "@web/core/l10n/time";
import {_t} from "@web/core/l10n/translation";
import {renderToElement} from "@web/core/utils/render";

const {DateTime} = luxon;

const HOUR = 3600 * 1000;
const SNAP = 5 * 60 * 1000;
// What a day shows at least, from hour to hour.
const USUAL_HOURS = [8, 18];
// What a phone shows at once.
const SMALL = {day: 5 * HOUR, week: 36 * HOUR};

export const KINDS = {
    planned: _t("Planned"),
    started: _t("In progress"),
    effective: _t("Effective"),
    short: _t("Too short"),
    closed: _t("Found closed"),
    missed: _t("Missed"),
    cancelled: _t("Cancelled"),
};
// Where no visit is: bars that are added within sight are measured one by one, which
// takes seconds for hundreds of them; what comes into sight is drawn at once.
const AWAY = {start: 0, end: HOUR, min: 0, max: HOUR};
const MOVABLE = ["planned", "missed"];

const toMillis = (value) => deserializeDateTime(value).toMillis();

/** Reps as rows and their visits as bars: the plan as an outline, what was, filled. */
export class VisitTimeline extends Component {
    static template = "sales_force.VisitTimeline";
    static props = {
        // What the server answered, and `start`, `stop` and `scale` it was asked for.
        board: Object,
        // (visit) => {}
        onOpen: Function,
        // async (visit, repId, start) => {}; throws where it is refused
        onMove: Function,
    };

    setup() {
        this.root = useRef("root");
        onWillStart(() => loadBundle("sales_force.vis_timeline_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.board],
        );
        onWillUnmount(() => this.timeline.destroy());
    }

    draw() {
        this.readVisits();
        let shown = this.timeline?.getWindow();
        if (!this.timeline) {
            this.timeline = new window.vis.Timeline(
                this.root.el,
                [],
                this.getOptions(),
            );
            shown = this.getWindow();
            // Until then, and the next drawing, a loading screen lies over the bars.
            this.timeline.once("rangechanged", () => this.timeline.setOptions({}));
        }
        this.timeline.setOptions(AWAY);
        this.timeline.setData({groups: this.getGroups(), items: this.getItems()});
        this.timeline.setOptions({...this.getLimits(), ...shown});
    }

    // Time

    /** Visits with their moments, and the hours of a day that hold them all. */
    readVisits() {
        const now = Date.now();
        this.visits = new Map();
        let [first, last] = USUAL_HOURS;
        for (const visit of this.props.board.visits) {
            const spans = {planned: [visit.date_planned, visit.date_end].map(toMillis)};
            if (visit.check_in) {
                const begun = toMillis(visit.check_in);
                const ended = visit.check_out
                    ? toMillis(visit.check_out)
                    : Math.max(now, begun);
                spans.actual = [begun, ended];
            }
            for (const span of Object.values(spans)) {
                const [start, stop] = span.map((value) => DateTime.fromMillis(value));
                if (!this.isShown(start)) {
                    continue;
                }
                first = Math.min(first, start.hour);
                last = start.hasSame(stop, "day")
                    ? Math.max(last, stop.hour + (stop.minute ? 1 : 0))
                    : 24;
            }
            this.visits.set(visit.id, {...visit, spans});
        }
        this.hours = [first, last];
    }

    isShown(moment) {
        const {start, stop} = this.props.board;
        return moment >= start && moment < stop;
    }

    at(day, hour) {
        const moment = hour < 24 ? day.set({hour}) : day.plus({days: 1});
        return moment.startOf(hour < 24 ? "hour" : "day").toMillis();
    }

    /** A week has no nights: they would leave no room for the days. */
    getLimits() {
        const {scale, start, stop} = this.props.board;
        if (scale === "day") {
            return {min: start.toMillis(), max: stop.toMillis()};
        }
        const [first, last] = this.hours;
        const days = [...Array(7).keys()].map((number) => start.plus({days: number}));
        // Also the first morning, or the label of its day begins out of sight.
        const nights = days.map((day, index) => ({
            start: index ? this.at(days[index - 1], last) : day.toMillis(),
            end: this.at(day, first),
        }));
        return {
            min: this.at(days[0], first),
            max: this.at(days[6], last),
            hiddenDates: nights.filter((night) => night.start < night.end),
        };
    }

    /** What is seen first: the usual hours, on a phone as many as there is room for. */
    getWindow() {
        const {day, scale, start} = this.props.board;
        const {min, max} = this.getLimits();
        const [first, last] = this.hours;
        if (!this.env.isSmall) {
            return scale === "day"
                ? {start: this.at(start, first), end: this.at(start, last)}
                : {start: min, end: max};
        }
        const now = DateTime.now();
        const current = scale === "day" && this.isShown(now) && now.hour < last;
        const begin = current
            ? Math.max(this.at(start, first), now.startOf("hour").toMillis() - HOUR)
            : this.at(day, first);
        return {start: begin, end: Math.min(begin + SMALL[scale], max)};
    }

    // What the library draws

    getOptions() {
        const {start, stop} = this.props.board;
        return {
            ...AWAY,
            height: "100%",
            orientation: {axis: "top", item: "top"},
            rtl: localization.direction === "rtl",
            margin: {item: {horizontal: 0, vertical: 12}, axis: 6},
            stack: false,
            groupOrder: "order",
            selectable: false,
            maxMinorChars: 5,
            zoomKey: "ctrlKey",
            zoomMin: HOUR,
            zoomMax: stop - start,
            verticalScroll: true,
            editable: {updateTime: true, updateGroup: true},
            itemsAlwaysDraggable: {item: true, range: false},
            snap: (moment) => new Date(Math.round(moment.valueOf() / SNAP) * SNAP),
            onMoving: (item, callback) => {
                this.moved = true;
                if (!item.moving) {
                    item.className += " o_moving";
                    item.moving = true;
                }
                callback(item);
            },
            onMove: (item, callback) => this.move(item, callback),
            dataAttributes: ["visit"],
            template: ({labelled, visit}, element, {moving, start}) =>
                renderToElement("sales_force.VisitTimeline.Bar", {
                    labelled,
                    label: moving
                        ? this.formatTime(start)
                        : this.visits.get(visit).customer,
                    title: this.getTitle(this.visits.get(visit)),
                }),
            groupTemplate: (group) =>
                group &&
                renderToElement("sales_force.VisitTimeline.Rep", {rep: group.rep}),
            tooltip: {
                template: ({visit}) => {
                    const shown = this.visits.get(visit);
                    return renderToElement("sales_force.VisitTimeline.Tooltip", {
                        visit: shown,
                        kind: shown.kind !== "planned" && KINDS[shown.kind],
                        planned: this.formatSpan(shown.spans.planned),
                        actual:
                            shown.spans.actual && this.formatSpan(shown.spans.actual),
                    });
                },
            },
            format: {
                minorLabels: (...parts) => this.formatMinor(...parts),
                majorLabels: (...parts) => this.formatMajor(...parts),
            },
        };
    }

    formatMinor(moment, scale, step) {
        const date = DateTime.fromMillis(moment.valueOf());
        const cut = this.props.board.scale === "week" && scale === "hour";
        if (cut && date.hour + step > this.hours[1]) {
            return "";
        }
        if (["weekday", "day"].includes(scale)) {
            return date.toLocaleString({weekday: "short", day: "numeric"});
        }
        if (is24HourFormat()) {
            return date.toFormat("H:mm");
        }
        return date.toFormat(scale === "hour" ? "h a" : "h:mm a");
    }

    formatMajor(moment, scale) {
        const date = DateTime.fromMillis(moment.valueOf());
        return date.toLocaleString(
            ["weekday", "day"].includes(scale)
                ? {month: "long", year: "numeric"}
                : {weekday: "short", day: "numeric", month: "short"},
        );
    }

    formatTime(moment) {
        return DateTime.fromMillis(moment.valueOf()).toLocaleString(
            DateTime.TIME_SIMPLE,
        );
    }

    formatSpan(span) {
        return span.map((moment) => this.formatTime(moment)).join(" – ");
    }

    getTitle({customer, kind, spans: {planned, actual}}) {
        return `${customer}, ${KINDS[kind]}, ${this.formatSpan(actual || planned)}`;
    }

    getGroups() {
        return this.props.board.reps.map((rep, order) => ({
            id: rep.id,
            order,
            rep: {
                ...rep,
                title: _t("%(done)s effective of %(due)s visits due", rep),
            },
        }));
    }

    getItems() {
        const {may_plan: mayPlan} = this.props.board;
        const lanes = this.getLanes();
        const items = [];
        for (const visit of this.visits.values()) {
            const {planned, actual} = visit.spans;
            const signals = visit.signals.length ? "o_signals" : "";
            const item = {
                group: visit.rep_id,
                subgroup: lanes.get(visit.id),
                visit: visit.id,
                type: "range",
                content: "",
            };
            // With a finger one scrolls; the form changes the plan.
            const editable =
                mayPlan && !this.env.isSmall && MOVABLE.includes(visit.kind);
            items.push({
                ...item,
                id: `planned-${visit.id}`,
                start: planned[0],
                end: planned[1],
                labelled: !actual,
                className: `o_sales_visit o_planned o_${visit.kind}`,
                editable: editable && {updateTime: true, updateGroup: true},
            });
            if (actual) {
                items.push({
                    ...item,
                    id: `actual-${visit.id}`,
                    start: actual[0],
                    end: actual[1],
                    labelled: true,
                    className: `o_sales_visit o_actual o_${visit.kind} ${signals}`,
                    editable: false,
                });
            }
        }
        return items;
    }

    /** Visits of a rep that overlap lie below each other: `{visit id: lane}`. */
    getLanes() {
        const lanes = new Map();
        const taken = {};
        for (const visit of this.visits.values()) {
            const spans = Object.values(visit.spans);
            const overlaps = ([start, stop]) =>
                spans.some((span) => span[0] < stop && start < span[1]);
            const rows = (taken[visit.rep_id] ||= []);
            const free = rows.findIndex((row) => !row.some(overlaps));
            const lane = free < 0 ? rows.length : free;
            rows[lane] = [...(rows[lane] || []), ...spans];
            lanes.set(visit.id, lane);
        }
        return lanes;
    }

    // What the user does

    async move({visit, group, start}, callback) {
        try {
            await this.props.onMove(
                this.visits.get(visit),
                group,
                DateTime.fromMillis(start.valueOf()),
            );
        } catch (error) {
            callback(null);
            throw error;
        }
    }

    onPointerDown() {
        this.moved = false;
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            this.open(ev.target);
        }
    }

    onClick(ev) {
        // A bar that was dragged is clicked, too.
        if (!this.moved) {
            this.open(ev.target);
        }
    }

    open(target) {
        const id = target.closest(".vis-item")?.dataset.visit;
        if (id) {
            this.props.onOpen(this.visits.get(Number(id)));
        }
    }
}
