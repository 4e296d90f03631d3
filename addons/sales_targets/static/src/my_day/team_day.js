import {Component, onWillStart, useState} from "@odoo/owl";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "@sales_force/metric";

const PERIODS = {day: _t("Day"), week: _t("Week"), month: _t("Month")};
const STEPS = {day: {days: 1}, week: {weeks: 1}, month: {months: 1}};
const STATES = {
    proposed: {name: _t("Not begun"), tone: "text-bg-light"},
    accepted: {name: _t("In progress"), tone: "text-bg-info"},
    submitted: {name: _t("Submitted"), tone: "text-bg-success"},
    reviewed: {name: _t("Reviewed"), tone: "text-bg-success"},
    missed: {name: _t("Not submitted"), tone: "text-bg-danger"},
};
const NONE = {name: _t("No plan"), tone: "text-bg-light"};
const LATE = {name: _t("Late"), tone: "text-bg-warning"};

/** Plan against done of everybody below, on one screen. */
export class TeamDay extends Component {
    static template = "sales_targets.TeamDay";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.periods = PERIODS;
        const {date, period} = this.props.state || {};
        this.state = useState({date: date || false, period: period || "day"});
        useSetupAction({
            getLocalState: () => ({
                date: this.state.date,
                period: this.state.period,
            }),
        });
        onWillStart(() => this.load());
    }

    get data() {
        return this.state.data;
    }

    async load() {
        const {date, period} = this.state;
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.work.plan", "get_team", [date, period]),
        );
    }

    async setPeriod(period) {
        this.state.period = period;
        await this.load();
    }

    async go(date) {
        this.state.date = date;
        await this.load();
    }

    step(sign) {
        const {date, period} = this.data;
        const moved = deserializeDate(date);
        return this.go(
            serializeDate(
                sign < 0 ? moved.minus(STEPS[period]) : moved.plus(STEPS[period]),
            ),
        );
    }

    get isNow() {
        const {date_from, date_to, today} = this.data;
        return date_from <= today && today <= date_to;
    }

    get range() {
        const {date_from, date_to} = this.data;
        const options = {weekday: "short", day: "numeric", month: "short"};
        const [first, last] = [date_from, date_to].map((date) =>
            deserializeDate(date).toLocaleString(options),
        );
        return first === last ? first : `${first} – ${last}`;
    }

    get sums() {
        const sums = {planned: 0, done: 0, target: 0, achieved: 0};
        for (const rep of this.data.reps) {
            for (const name in sums) {
                sums[name] += rep[name];
            }
        }
        return sums;
    }

    getPercent(row) {
        return row.planned ? Math.round((100 * row.done) / row.planned) : 0;
    }

    /** What a day's plan has come to; of a longer time, what was submitted. */
    getBadges(rep) {
        if (this.data.period === "day") {
            return rep.late ? [LATE] : [STATES[rep.state] || NONE];
        }
        if (!rep.plans) {
            return [NONE];
        }
        const badges = [
            {
                name: _t("%(submitted)s of %(plans)s submitted", rep),
                tone: "text-bg-light",
            },
        ];
        if (rep.late) {
            badges.push({name: _t("%s late", rep.late), tone: "text-bg-warning"});
        }
        if (rep.missing) {
            badges.push({
                name: _t("%s missing", rep.missing),
                tone: "text-bg-danger",
            });
        }
        return badges;
    }

    formatTarget(value) {
        return formatMetric(value, this.data.target.unit, {
            currencyId: this.data.currency_id,
            humanReadable: true,
        });
    }

    openRep(rep) {
        return this.actionService.doAction({
            type: "ir.actions.client",
            tag: "sales_targets.my_day",
            name: rep.name,
            params: {rep_id: rep.id, date: this.data.date},
        });
    }

    openMine() {
        return this.actionService.doAction("sales_targets.sales_my_day_action");
    }
}

registry.category("actions").add("sales_targets.team_day", TeamDay);
