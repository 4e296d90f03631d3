import {Component} from "@odoo/owl";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {localization} from "@web/core/l10n/localization";
import {_t} from "@web/core/l10n/translation";

const {Info} = luxon;
// From how much of a day's target on it is darker.
const LEVELS = [0.5, 0.8, 1];

/** Months whose days are darker the more of their target was achieved. */
export class TargetCalendar extends Component {
    static template = "sales_targets.Calendar";
    static props = {days: Array, today: String, format: Function, open: Function};

    get weekdays() {
        const names = Info.weekdays("narrow");
        return names.map((_name, index) => names[(this.firstWeekday - 1 + index) % 7]);
    }

    get firstWeekday() {
        return localization.weekStart || 1;
    }

    /** Months with the days before the first one left out. */
    get months() {
        const months = new Map();
        for (const [text, target, achieved, off] of this.props.days) {
            const day = deserializeDate(text);
            const first = serializeDate(day.startOf("month"));
            if (!months.has(first)) {
                months.set(first, {
                    key: first,
                    name: day.toLocaleString({month: "long", year: "numeric"}),
                    days: [],
                });
            }
            months.get(first).days.push(this.getDay(text, day, target, achieved, off));
        }
        return [...months.values()];
    }

    getDay(text, day, target, achieved, off) {
        const {format, today} = this.props;
        const date = day.toLocaleString({
            weekday: "short",
            day: "numeric",
            month: "short",
        });
        const words = _t("%(achieved)s of %(target)s", {
            achieved: format(achieved),
            target: format(target),
        });
        return {
            date: text,
            number: day.day,
            level: this.getLevel(target, achieved),
            off,
            future: text > today && !achieved,
            today: text === today,
            column: ((day.weekday - this.firstWeekday + 7) % 7) + 1,
            title: off
                ? _t("%(date)s, day off: %(words)s", {date, words})
                : `${date}: ${words}`,
        };
    }

    getLevel(target, achieved) {
        if (achieved <= 0) {
            return 0;
        }
        return target > 0
            ? 1 + LEVELS.filter((level) => achieved >= level * target).length
            : 4;
    }
}
