import {Component, onWillStart, useState} from "@odoo/owl";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {
    deserializeDate,
    getStartOfLocalWeek,
    serializeDate,
    serializeDateTime,
    today,
} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {KINDS, VisitTimeline} from "./visit_timeline";

const SCALES = {day: _t("Day View"), week: _t("Week View")};

/** The visits of the reps below: a day or a week of them, planned and as they were. */
export class VisitBoard extends Component {
    static template = "sales_force.VisitBoard";
    static components = {DateTimeInput, Layout, RecordSelector, VisitTimeline};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.keepLast = new KeepLast();
        this.scales = SCALES;
        this.kinds = KINDS;
        this.display = {controlPanel: {}};
        this.managerDomain = [
            ["is_followed", "=", true],
            ["child_ids", "!=", false],
        ];
        const {scale, day, repId} = this.props.state || {};
        this.state = useState({
            scale: scale || "day",
            day: day ? deserializeDate(day) : today(),
            repId: repId || false,
            board: null,
        });
        useSetupAction({
            getLocalState: () => ({
                scale: this.state.scale,
                day: serializeDate(this.state.day),
                repId: this.state.repId,
            }),
        });
        onWillStart(() => this.load());
    }

    get span() {
        const {day, scale, repId} = this.state;
        const start = scale === "week" ? getStartOfLocalWeek(day) : day.startOf("day");
        return {scale, day, repId, start, stop: start.plus({[`${scale}s`]: 1})};
    }

    get isEmpty() {
        return !this.state.board.visits.length;
    }

    get boardKey() {
        const {scale, start, repId} = this.state.board;
        return `${scale} ${serializeDate(start)} ${repId}`;
    }

    get moreLabel() {
        const {reps, total} = this.state.board;
        return _t("More reps (%(shown)s of %(total)s)", {shown: reps.length, total});
    }

    fetch({start, stop, repId}, offset) {
        return this.orm.call("sales.visit", "get_board", [
            serializeDateTime(start),
            serializeDateTime(stop),
            repId,
            offset,
        ]);
    }

    /** Show the first page, and as many more as it takes for so many reps. */
    async load(count = 0) {
        const {span} = this;
        const read = async () => {
            let board = {...span, ...(await this.fetch(span, 0))};
            while (board.reps.length < Math.min(count, board.total)) {
                board = await this.readMore(board);
            }
            return board;
        };
        this.state.board = await this.keepLast.add(read());
    }

    async readMore(board) {
        const {reps, visits, total} = await this.fetch(board, board.reps.length);
        return {
            ...board,
            reps: [...board.reps, ...reps],
            visits: [...board.visits, ...visits],
            // Fewer by now: there are no more.
            total: reps.length ? total : board.reps.length,
        };
    }

    reload() {
        return this.load(this.state.board.reps.length);
    }

    async showMore() {
        this.state.board = await this.keepLast.add(this.readMore(this.state.board));
    }

    async show(values) {
        Object.assign(this.state, values);
        await this.load();
    }

    step(number) {
        return this.show({
            day: this.state.day.plus({[`${this.state.scale}s`]: number}),
        });
    }

    showToday() {
        return this.show({day: today()});
    }

    setDay(day) {
        return day && this.show({day});
    }

    open({id}) {
        this.dialog.add(
            FormViewDialog,
            {resModel: "sales.visit", resId: id, title: _t("Visit")},
            {onClose: () => this.reload()},
        );
    }

    /** Plan a visit for another time or rep; the server may refuse. */
    async move(visit, repId, start) {
        await this.orm.write("sales.visit", [visit.id], {
            date_planned: serializeDateTime(start),
            ...(repId !== visit.rep_id && {rep_id: repId}),
        });
        await this.reload();
    }
}

registry.category("actions").add("sales_force.visit_board", VisitBoard);
