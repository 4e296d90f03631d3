import {onMounted} from "@odoo/owl";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {deserializeDateTime, serializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {VisitBoard} from "@sales_force/visit_board/visit_board";
import {DispatchTimeline, KINDS, TICKET} from "./dispatch_timeline";

const AGREED = ["confirmed", "on_way", "late"];
const APPOINTMENT = "sales.service.appointment";

/** The appointments of a dispatcher's agents, and beside them the tickets to plan. */
export class DispatchBoard extends VisitBoard {
    static template = "sales_service.DispatchBoard";
    static components = {...VisitBoard.components, DispatchTimeline};

    setup() {
        super.setup();
        this.action = useService("action");
        this.notification = useService("notification");
        this.kinds = KINDS;
        this.teamDomain = [];
        this.state.unplanned = false;
        // A phone has no room for rows of hours: it lists them by agent.
        onMounted(
            () =>
                this.env.isSmall &&
                this.action.doAction(
                    "sales_service.sales_service_appointment_day_action",
                    {stackPosition: "replaceCurrentAction"},
                ),
        );
    }

    get moreLabel() {
        const {reps, total} = this.state.board;
        return _t("More agents (%(shown)s of %(total)s)", {shown: reps.length, total});
    }

    get waitingLabel() {
        const {waiting, waiting_total: total} = this.state.board;
        return waiting.length < total ? `${waiting.length} / ${total}` : String(total);
    }

    async load(count) {
        if (!this.env.isSmall) {
            await super.load(count);
        }
    }

    async fetch({start, stop, repId}, offset) {
        const {agents, appointments, ...rest} = await this.orm.call(
            APPOINTMENT,
            "get_board",
            [
                serializeDateTime(start),
                serializeDateTime(stop),
                repId,
                offset,
                this.state.unplanned,
            ],
        );
        return {
            ...rest,
            reps: agents,
            visits: appointments.map((one) => ({
                ...one,
                id: one.id || `busy-${one.user_id}-${one.start}`,
                rep_id: one.user_id,
                date_planned: one.start,
                date_end: one.stop,
            })),
        };
    }

    toggleUnplanned() {
        return this.show({unplanned: !this.state.unplanned});
    }

    openRecord(resModel, resId, title, props = {}) {
        this.dialog.add(
            FormViewDialog,
            {resModel, resId, title, ...props},
            {onClose: () => this.reload()},
        );
    }

    open(appointment) {
        // Of what is elsewhere nothing is known.
        if (appointment) {
            this.openRecord(APPOINTMENT, appointment.id, _t("Appointment"));
        }
    }

    openTicket(ticket) {
        this.openRecord("sales.service.ticket", ticket.id, ticket.name);
    }

    openRanking(ticket) {
        this.openRecord("sales.service.ticket", ticket.id, _t("Who Fits"), {
            context: {
                form_view_ref: "sales_service.sales_service_ticket_view_form_ranking",
            },
            canExpand: false,
            readonly: true,
        });
    }

    onDragStart(ev, ticket) {
        ev.dataTransfer.effectAllowed = "move";
        ev.dataTransfer.setData(TICKET, String(ticket.id));
    }

    /** Tell what speaks against a plan that was made all the same. */
    async follow({warning}) {
        if (warning) {
            this.notification.add(warning, {type: "warning"});
        }
        await this.reload();
    }

    async plan(ticketId, userId, start) {
        await this.follow(
            await this.orm.call("sales.service.ticket", "action_plan", [
                [ticketId],
                userId,
                serializeDateTime(start),
            ]),
        );
    }

    /** Plan an appointment anew; the customer is told only when the window changes. */
    async move(appointment, userId, start) {
        const isTold = this.leavesWindow(appointment, start);
        if (isTold && !(await this.ask(appointment))) {
            return this.reload();
        }
        await this.follow(
            await this.orm.call(APPOINTMENT, "action_move", [
                [appointment.id],
                serializeDateTime(start),
                userId,
                isTold,
            ]),
        );
    }

    leavesWindow({kind, window_start: from, window_stop: to}, start) {
        return (
            AGREED.includes(kind) &&
            Boolean(from) &&
            (start < deserializeDateTime(from) || start > deserializeDateTime(to))
        );
    }

    ask({customer}) {
        return new Promise((resolve) =>
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Another Arrival Window"),
                    body: _t(
                        "%(customer)s expects the agent at another time. Move the appointment, and tell the customer the new window by mail?",
                        {customer},
                    ),
                    confirmLabel: _t("Move and Tell"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                {onClose: () => resolve(false)},
            ),
        );
    }
}

registry.category("actions").add("sales_service.dispatch_board", DispatchBoard);
