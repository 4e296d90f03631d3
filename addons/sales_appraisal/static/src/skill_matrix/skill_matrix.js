import {Component, onWillStart, useState} from "@odoo/owl";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {deserializeDate, formatDate, serializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";

// So much is missing for a whole level of five.
const LEVEL = 20;

/** Reps and skills: what is needed, what is there, and how it changed. */
export class SkillMatrix extends Component {
    static template = "sales_appraisal.SkillMatrix";
    static components = {DateTimeInput, Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.actionService = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.state = useState({data: null, since: false});
        onWillStart(() => this.load());
    }

    async load() {
        this.state.data = await this.keepLast.add(
            this.orm.call("sales.skill.assessment", "get_matrix", [this.state.since], {
                context: user.context,
            }),
        );
    }

    get data() {
        return this.state.data;
    }

    get since() {
        return deserializeDate(this.data.since);
    }

    setSince(date) {
        this.state.since = date ? serializeDate(date) : false;
        return this.load();
    }

    getTone({level, required, gap}) {
        if (required === null) {
            return level === null ? "" : "text-bg-light";
        }
        if (level === null) {
            return "o_sales_skill_unknown";
        }
        return gap === 0
            ? "text-bg-success"
            : gap <= LEVEL
              ? "text-bg-warning"
              : "text-bg-danger";
    }

    getTitle(rep, skill) {
        const cell = rep.cells[skill.id];
        const parts = [
            `${rep.name}, ${skill.name}`,
            cell.level_name
                ? _t("Level: %(level)s (%(date)s)", {
                      level: cell.level_name,
                      date: formatDate(deserializeDate(cell.date)),
                  })
                : _t("Not assessed yet"),
        ];
        if (cell.required_name) {
            parts.push(_t("Required: %s", cell.required_name));
        }
        if (cell.own) {
            parts.push(_t("Own assessment: %s", cell.own));
        }
        if (cell.change !== null) {
            parts.push(_t("Change: %s", this.signed(cell.change)));
        }
        return parts.join("\n");
    }

    signed(value) {
        return `${value > 0 ? "+" : ""}${value}`;
    }

    arrow(value) {
        return `${value > 0 ? "▲" : "▼"}${Math.abs(value)}`;
    }

    percent(value) {
        return value === null ? "–" : `${value} %`;
    }

    assess(rep, skill) {
        return this.actionService.doAction(
            {
                type: "ir.actions.act_window",
                name: _t("Assess"),
                res_model: "sales.skill.assessment",
                views: [[false, "form"]],
                target: "new",
                context: {default_rep_id: rep.id, default_skill_id: skill.id},
            },
            {onClose: () => this.load()},
        );
    }

    openHistory(rep) {
        return this.actionService.doAction(
            "sales_appraisal.sales_skill_assessment_action",
            {additionalContext: {search_default_rep_id: rep.id}},
        );
    }
}

registry.category("actions").add("sales_appraisal.skill_matrix", SkillMatrix);
