import {Component, onWillStart, useRef, useState} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSortable} from "@web/core/utils/sortable_owl";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {formatMetric} from "@sales_force/metric";
import {AddWork} from "./add_work";
import {DayReview} from "./day_review";
import {DropWork} from "./drop_work";
import {Ring} from "./ring";

const OPEN = ["proposed", "accepted"];
const STATES = {
    proposed: _t("Proposed"),
    accepted: _t("In progress"),
    submitted: _t("Submitted"),
    reviewed: _t("Reviewed"),
    missed: _t("Not submitted"),
    void: _t("Day off"),
};

/** A rep's day: what to do, with whom and why, and how much of the target is there. */
export class MyDay extends Component {
    static template = "sales_targets.MyDay";
    static components = {
        AddWork,
        DayReview,
        Dropdown,
        DropdownItem,
        Layout,
        RecordSelector,
        Ring,
    };
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.list = useRef("list");
        const {params} = this.props.action;
        const {repId, date} = this.props.state || {};
        this.state = useState({
            repId: repId || params?.rep_id || false,
            date: date || params?.date || false,
            reviewing: false,
            comment: "",
            busy: false,
        });
        useSetupAction({
            getLocalState: () => ({repId: this.state.repId, date: this.state.date}),
        });
        useSortable({
            ref: this.list,
            elements: ".o_sales_item_open",
            handle: ".o_sales_item_handle",
            enable: () => this.data.editable,
            onDrop: ({element, previous}) =>
                this.place(
                    Number(element.dataset.id),
                    previous ? Number(previous.dataset.id) : false,
                ),
        });
        onWillStart(() => this.load());
    }

    get data() {
        return this.state.data;
    }

    async load() {
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.work.plan", "get_my_day", [
                this.state.repId,
                this.state.date,
            ]),
        );
    }

    /** Do something once, however often it is tapped, and show what came of it. */
    async perform(job) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            await job();
            await this.load();
        } finally {
            this.state.busy = false;
        }
    }

    callPlan(method, ...args) {
        return this.perform(() =>
            this.orm.call("sales.work.plan", method, [[this.data.plan.id], ...args]),
        );
    }

    callItem(item, method, ...args) {
        return this.perform(() =>
            this.orm.call("sales.work.plan.item", method, [[item.id], ...args]),
        );
    }

    // What is shown

    get open() {
        return this.data.items.filter((item) => OPEN.includes(item.state));
    }

    get done() {
        return this.data.items.filter((item) => item.state === "done");
    }

    get missed() {
        return this.data.items.filter((item) => item.state === "missed");
    }

    get dropped() {
        return this.data.items.filter((item) => item.state === "dropped");
    }

    /** What was dropped freely is folded away. */
    isUnfolded(part) {
        return (
            part !== "dropped" || this.dropped.some((item) => item.reason) || undefined
        );
    }

    get proposed() {
        return this.data.items.filter((item) => item.state === "proposed");
    }

    get toExplain() {
        return [...this.open, ...this.missed.filter((item) => !item.reason_id)];
    }

    /** What the goal still asks for today, and what was done of it. */
    get needs() {
        return this.data.needs.filter((need) => need.needed || need.done);
    }

    get total() {
        return this.data.items.filter((item) => item.is_counted).length;
    }

    get planStateName() {
        return STATES[this.data.plan.state];
    }

    get dateName() {
        return this.formatDay(this.data.date);
    }

    get isToday() {
        return this.data.date === this.data.today;
    }

    /** The day has a review that can still be submitted. */
    get canSubmit() {
        const {plan, is_mine, date, today} = this.data;
        return (
            plan && is_mine && date <= today && [...OPEN, "missed"].includes(plan.state)
        );
    }

    get canReview() {
        const {plan, is_above} = this.data;
        return plan && is_above && ["submitted", "missed"].includes(plan.state);
    }

    get repDomain() {
        return [["company_id", "=", user.activeCompany.id]];
    }

    get repName() {
        return this.data.is_mine ? _t("My Day") : this.data.rep.name;
    }

    formatDay(date) {
        return deserializeDate(date).toLocaleString({
            weekday: "short",
            day: "numeric",
            month: "short",
        });
    }

    formatTarget(value) {
        return formatMetric(value, this.data.target.unit, {
            currencyId: this.data.currency_id,
            humanReadable: true,
        });
    }

    get targetParts() {
        const {value, achieved, month_value, month_achieved} = this.data.target;
        return [
            {name: _t("Today"), key: "day", value, achieved},
            {
                name: _t("This month"),
                key: "month",
                value: month_value,
                achieved: month_achieved,
            },
        ].map((part) => ({
            ...part,
            percent: part.value
                ? Math.round((100 * part.achieved) / part.value)
                : Number(part.achieved > 0) * 100,
        }));
    }

    getOwedText({date}) {
        return _t("The review of %s is missing.", this.formatDay(date));
    }

    get commentLabel() {
        return _t("Your comment to %s", this.data.rep.name);
    }

    get streakText() {
        return _t("%s days in a row", this.data.streak);
    }

    getCarried(item) {
        return _t("Carried over %s×", item.carries);
    }

    getAgreed(item) {
        return _t("%s agrees", item.agreed_by);
    }

    getMinutes(item) {
        return _t("%s min", item.minutes);
    }

    getOpenLabel(item) {
        return (
            {
                visit: _t("Visit"),
                quote: _t("Quote"),
                collect: _t("Open invoice"),
                lead: _t("Answer"),
            }[item.kind] || _t("Open")
        );
    }

    // What one does

    async openItem(item) {
        const action = await this.orm.call("sales.work.plan.item", "action_open", [
            [item.id],
        ]);
        await this.actionService.doAction(action);
    }

    accept(item) {
        return this.callItem(item, "action_accept");
    }

    /** What was only proposed is left out at once; what was accepted, for a reason. */
    drop(item) {
        if (item.state === "proposed") {
            return this.callItem(item, "action_drop");
        }
        this.dialog.add(DropWork, {
            title: item.title,
            reasons: this.data.reasons,
            confirm: (reasonId, note) =>
                this.callItem(item, "action_drop", reasonId, note),
        });
    }

    /** Who leads the rep may agree that work was dropped, until the review. */
    canAgree(item) {
        const {plan, is_above} = this.data;
        return (
            is_above &&
            item.state === "dropped" &&
            item.is_counted &&
            !["reviewed", "void"].includes(plan.state)
        );
    }

    agree(item) {
        return this.callItem(item, "action_agree");
    }

    tick(item) {
        return this.callItem(item, "action_done", item.state !== "done");
    }

    acceptAll() {
        return this.callPlan("action_accept");
    }

    propose() {
        return this.callPlan("action_propose");
    }

    /** Put an item behind another one; false: first. */
    place(id, behind) {
        const ids = this.data.items.map((item) => item.id).filter((it) => it !== id);
        ids.splice(behind ? ids.indexOf(behind) + 1 : 0, 0, id);
        return this.callPlan("action_reorder", ids);
    }

    move(item, step) {
        const {open} = this;
        const index = open.indexOf(item) + step;
        const before = step < 0 ? open[index - 1] : open[index];
        if (index < 0 || index >= open.length) {
            return;
        }
        return this.place(item.id, before ? before.id : false);
    }

    add() {
        const {data} = this;
        this.dialog.add(AddWork, {
            kinds: data.is_mine
                ? data.kinds.filter((kind) => kind.addable)
                : data.kinds.filter((kind) => kind.code === "task"),
            title: data.is_mine
                ? _t("Add to My Day")
                : _t("Task for %s", data.rep.name),
            confirm: ({kind, partnerId, name, minutes}) =>
                data.is_mine
                    ? this.callPlan("action_add", kind, partnerId, name, minutes)
                    : this.perform(() =>
                          this.orm.call("sales.work.plan", "action_add_task", [
                              [data.rep.id],
                              name,
                              partnerId,
                              data.date,
                              minutes,
                          ]),
                      ),
        });
    }

    async submit(answers, note) {
        await this.callPlan("action_submit", answers, note);
        this.state.reviewing = false;
    }

    async review() {
        await this.callPlan("action_review", this.state.comment);
        this.state.comment = "";
    }

    // Where one looks

    async go(date, reviewing = false) {
        this.state.date = date;
        this.state.reviewing = reviewing;
        await this.load();
    }

    step(days) {
        return this.go(serializeDate(deserializeDate(this.data.date).plus({days})));
    }

    async setRep(repId) {
        this.state.repId = repId;
        this.state.reviewing = false;
        await this.load();
    }

    openTeam() {
        return this.actionService.doAction("sales_targets.sales_team_day_action");
    }
}

registry.category("actions").add("sales_targets.my_day", MyDay);
