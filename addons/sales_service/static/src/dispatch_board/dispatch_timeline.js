import {deserializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {renderToElement} from "@web/core/utils/render";
import {VisitTimeline} from "@sales_force/visit_board/visit_timeline";

const {DateTime} = luxon;

export const KINDS = {
    proposed: _t("Proposed"),
    offered: _t("Offered"),
    confirmed: _t("Confirmed"),
    on_way: _t("On the way"),
    done: _t("Done"),
    late: _t("Overdue"),
    missed: _t("Missed"),
    busy: _t("Busy elsewhere"),
};
// What dragging from the queue hands over.
export const TICKET = "application/x-sales-ticket";
const MOVABLE = ["proposed", "offered", "confirmed", "on_way", "late"];
// Drawn as an outline: nobody counts on it.
const OUTLINED = ["proposed", "offered", "missed"];

const hours = (minutes) => Math.round(minutes / 6) / 10;

/** Agents as rows, their appointments as bars; the time that they do not work, shaded. */
export class DispatchTimeline extends VisitTimeline {
    static template = "sales_service.DispatchTimeline";
    static props = {
        ...VisitTimeline.props,
        // (ticket id, user id, start) => {}
        onPlan: Function,
    };

    getOptions() {
        return {
            ...super.getOptions(),
            template: ({visit}, element, {moving, start}) => {
                if (!visit) {
                    return "";
                }
                const shown = this.visits.get(visit);
                return renderToElement("sales_service.DispatchTimeline.Bar", {
                    label: moving ? this.formatTime(start) : this.getLabel(shown),
                    title: this.getTitle(shown),
                    warning: shown.warning,
                });
            },
            groupTemplate: (group) =>
                group &&
                renderToElement("sales_service.DispatchTimeline.Agent", {
                    agent: group.agent,
                }),
            tooltip: {
                template: ({visit}) => {
                    const shown = visit && this.visits.get(visit);
                    return shown
                        ? renderToElement("sales_service.DispatchTimeline.Tooltip", {
                              shown,
                              kind: KINDS[shown.kind],
                              planned: this.formatSpan(shown.spans.planned),
                              expected:
                                  shown.window_start &&
                                  this.formatSpan(
                                      [shown.window_start, shown.window_stop].map(
                                          (value) =>
                                              deserializeDateTime(value).toMillis(),
                                      ),
                                  ),
                              way: this.formatWay(shown.metres),
                          })
                        : "";
                },
            },
        };
    }

    getLabel({kind, customer}) {
        return kind === "busy" ? KINDS.busy : customer;
    }

    getTitle(visit) {
        const parts = [
            this.getLabel(visit),
            visit.kind !== "busy" && KINDS[visit.kind],
            this.formatSpan(visit.spans.planned),
            visit.warning,
        ];
        return parts.filter(Boolean).join(", ");
    }

    formatWay(metres) {
        if (typeof metres !== "number") {
            return "";
        }
        return _t("%(km)s km", {km: (metres / 1000).toFixed(1)});
    }

    getGroups() {
        return this.props.board.reps.map((agent, order) => {
            const sum = (name) =>
                agent.days.reduce((total, day) => total + (day[name] || 0), 0);
            const ways = agent.days.filter((day) => day.metres !== null);
            return {
                id: agent.id,
                order,
                agent: {
                    ...agent,
                    planned: hours(sum("planned")),
                    works: hours(sum("working")),
                    way: ways.length ? this.formatWay(sum("metres")) : "",
                    overloaded: agent.days.some((day) => day.planned > day.working),
                    full: agent.most && agent.open > agent.most,
                },
            };
        });
    }

    getItems() {
        const lanes = this.getLanes();
        const items = [];
        for (const visit of this.visits.values()) {
            const [start, end] = visit.spans.planned;
            const movable = !this.env.isSmall && MOVABLE.includes(visit.kind);
            items.push({
                id: `planned-${visit.id}`,
                group: visit.rep_id,
                subgroup: lanes.get(visit.id),
                visit: visit.id,
                type: "range",
                content: "",
                start,
                end,
                className: [
                    "o_sales_visit",
                    OUTLINED.includes(visit.kind) ? "o_planned" : "o_actual",
                    `o_${visit.kind}`,
                    visit.warning ? "o_warning" : "",
                ].join(" "),
                editable: movable && {updateTime: true, updateGroup: true},
            });
        }
        for (const agent of this.props.board.reps) {
            items.push(...this.getShades(agent));
        }
        return items;
    }

    /** When an agent does not work, is absent, or has more to do than time. */
    getShades(agent) {
        const {start, stop} = this.props.board;
        const toMillis = (span) =>
            span.map((value) => deserializeDateTime(value).toMillis());
        const free = [];
        let last = start.toMillis();
        for (const [from, to] of agent.working.map(toMillis)) {
            free.push([last, from]);
            last = to;
        }
        free.push([last, stop.toMillis()]);
        const days = agent.days
            .filter((day) => day.planned > day.working)
            .map((day) => {
                const date = DateTime.fromISO(day.date);
                return [date.toMillis(), date.plus({days: 1}).toMillis()];
            });
        const shades = {
            off: free,
            absent: agent.absent.map(toMillis),
            overload: days,
        };
        return Object.entries(shades).flatMap(([name, spans]) =>
            spans
                .filter(([from, to]) => from < to)
                .map(([from, to]) => ({
                    id: `${name}-${agent.id}-${from}`,
                    group: agent.id,
                    type: "background",
                    content: "",
                    start: from,
                    end: to,
                    className: `o_dispatch_${name}`,
                })),
        );
    }

    // What the user does

    onDrop(ev) {
        const ticketId = Number(ev.dataTransfer.getData(TICKET));
        const {group, snappedTime} = this.timeline.getEventProperties(ev);
        if (!ticketId || !group) {
            return;
        }
        ev.stopPropagation();
        this.props.onPlan(ticketId, group, DateTime.fromMillis(snappedTime.valueOf()));
    }
}
