import {Component, onWillStart, useRef, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSortable} from "@web/core/utils/sortable_owl";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";

/** Cards of a group by grade: dragged with a reason, against the rule of shares. */
export class CalibrationBoard extends Component {
    static template = "sales_appraisal.CalibrationBoard";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        const {group} = this.props.state || {};
        this.state = useState({board: null, group: group || null});
        useSortable({
            ref: useRef("grades"),
            elements: "article.o_may_move",
            groups: "section",
            connectGroups: true,
            cursor: "grabbing",
            onDrop: (dropped) => this.onDrop(dropped),
        });
        useSetupAction({getLocalState: () => ({group: this.state.group})});
        onWillStart(() => this.load());
    }

    async load() {
        const board = await this.keepLast.add(
            this.orm.call("sales.scorecard", "get_calibration_board", [
                this.state.group,
            ]),
        );
        this.state.board = board;
        if (board.group) {
            this.state.group = [board.group.template_id, board.group.period_from];
        }
    }

    async setGroup(key) {
        const group = this.state.board.groups.find((found) => found.key === key);
        this.state.group = [group.template_id, group.period_from];
        await this.load();
    }

    format(value) {
        return formatFloat(value, {digits: [16, 2]});
    }

    /** How many people a grade has, of how many by the rule. */
    getCount(grade) {
        return grade.quota === null
            ? String(grade.people)
            : _t("%(count)s of %(quota)s", {
                  count: grade.people,
                  quota: grade.quota,
              });
    }

    getTone(grade) {
        if (grade.quota === null || grade.quota === grade.people) {
            return "text-bg-light";
        }
        return grade.people > grade.quota ? "text-bg-warning" : "text-bg-info";
    }

    getWidth(grade) {
        const {count} = this.state.board;
        return `width: ${count ? (100 * grade.cards.length) / count : 0}%`;
    }

    /** Dropped among the cards of another grade. */
    async onDrop({element, parent}) {
        const cards = this.state.board.grades.flatMap((grade) => grade.cards);
        const card = cards.find(({id}) => id === Number(element.dataset.cardId));
        const grade = this.state.board.grades.find(
            ({id}) => id === Number(parent?.dataset.gradeId),
        );
        if (grade && card.grade_id !== grade.id) {
            await this.move(card, grade);
        }
    }

    /** Ask for the reason; without one the card stays. */
    async move(card, grade = null) {
        await this.action.doAction(
            {
                type: "ir.actions.act_window",
                name: _t("Another Grade for %s", card.name),
                res_model: "sales.scorecard.reason",
                views: [[false, "form"]],
                target: "new",
                context: {
                    default_card_id: card.id,
                    default_step: "move",
                    default_grade_id: grade ? grade.id : false,
                },
            },
            {onClose: () => this.load()},
        );
    }

    async distribute() {
        const {template_id, period_from} = this.state.board.group;
        const {ties, moved} = await this.orm.call(
            "sales.scorecard",
            "action_distribute",
            [template_id, period_from],
        );
        this.notification.add(_t("%s cards have another grade.", moved), {
            type: "success",
        });
        for (const tie of ties) {
            this.notification.add(tie, {type: "info", sticky: true});
        }
        await this.load();
    }

    open(card) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "sales.scorecard",
            res_id: card.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("sales_appraisal.calibration_board", CalibrationBoard);
