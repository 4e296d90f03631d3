import {useExternalListener} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {RelationalModel} from "@web/model/relational_model/relational_model";
import {parseServerValue} from "@web/model/relational_model/utils";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

const LISTS = ["one2many", "many2many"];
const NEW_LINE = 0;

/** Of the record's values, as the server takes them, whether these are the same. */
function hasValues(record, values) {
    return Object.entries(values).every(([name, value]) => {
        const {type} = record.fields[name];
        return (
            !(name in record.data) ||
            (record._formatServerValue(type, record.data[name]) || false) ===
                (value || false)
        );
    });
}

/** Values that the server takes, as the record takes them. */
function parseValues(record, values) {
    const entries = Object.entries(values).filter(([name]) => name in record.data);
    return Object.fromEntries(
        entries.map(([name, value]) => [
            name,
            record.fields[name].type === "many2one"
                ? value && {id: value}
                : parseServerValue(record.fields[name], value),
        ]),
    );
}

class SalesVisitRecord extends RelationalModel.Record {
    async _save() {
        if (this.model._urgentSave) {
            // The page is left: what was still being typed is known only now, and
            // whether it arrives is not known.
            this.model.hooks.onRecordChanged(this, this._getChanges());
        }
        return super._save(...arguments);
    }
}

class SalesVisitModel extends RelationalModel {
    static Record = SalesVisitRecord;
}

/**
 * Keeps what is entered about a visit in the browser until it is saved: on the way the
 * network drops, the phone sleeps, the page is loaded again. Values are kept as the
 * server takes them, by their fields; of lists the lines that are new.
 */
export class SalesVisitFormController extends FormController {
    setup() {
        super.setup();
        this.notification = useService("notification");
        useExternalListener(window, "input", this.onInput.bind(this), {capture: true});
    }

    get modelParams() {
        const params = super.modelParams;
        params.hooks.onRootLoaded = this.restore.bind(this);
        params.hooks.onRecordChanged = this.onRecordChanged.bind(this);
        return params;
    }

    get draftKey() {
        return `sales_visit_draft,${user.userId},${this.model.root.resId || "new"}`;
    }

    readDraft() {
        return JSON.parse(browser.localStorage.getItem(this.draftKey) || "{}");
    }

    keep(values) {
        browser.localStorage.setItem(
            this.draftKey,
            JSON.stringify({...this.readDraft(), ...values}),
        );
    }

    forget(key = this.draftKey) {
        browser.localStorage.removeItem(key);
    }

    /** Text is kept while it is typed. */
    onInput({target}) {
        if (!this.rootRef.el?.contains(target) || target.closest(".o_field_x2many")) {
            return;
        }
        const name = target.closest("[name]")?.getAttribute("name");
        if (["char", "text"].includes(this.model.root.fields[name]?.type)) {
            this.keep({[name]: target.value});
        }
    }

    onRecordChanged(record, changes) {
        if (record.id !== this.model.root.id) {
            return;
        }
        const draft = {};
        // A new visit names its defaults as changes, too.
        for (const name in record._changes) {
            if (LISTS.includes(record.fields[name].type)) {
                draft[name] = (changes[name] || [])
                    .filter(([command]) => command === NEW_LINE)
                    .map(([, , values]) => values);
            } else if (name in changes) {
                draft[name] = changes[name];
            }
        }
        this.keep(draft);
    }

    async restore(root) {
        const changed = {};
        let restored = false;
        for (const [name, value] of Object.entries(this.readDraft())) {
            if (!(name in root.data) || root._isReadonly(name)) {
                continue;
            }
            if (!LISTS.includes(root.fields[name].type)) {
                if (!hasValues(root, {[name]: value})) {
                    changed[name] = value;
                }
                continue;
            }
            const list = root.data[name];
            for (const values of value) {
                if (!list.records.some((line) => hasValues(line, values))) {
                    const line = await list.addNewRecord({mode: "readonly"});
                    await line.update(parseValues(line, values));
                    restored = true;
                }
            }
        }
        if (Object.keys(changed).length) {
            await root.update(parseValues(root, changed));
            restored = true;
        }
        if (restored) {
            this.notification.add(
                _t("What you typed before was not saved yet: it is here again."),
                {type: "info"},
            );
        }
    }

    async onWillSaveRecord() {
        // A new visit has its number, hence another key, once it is saved.
        this.savedKey = this.draftKey;
        return super.onWillSaveRecord(...arguments);
    }

    async onRecordSaved() {
        this.forget(this.savedKey);
        return super.onRecordSaved(...arguments);
    }

    async discard() {
        this.forget();
        return super.discard(...arguments);
    }
}

registry.category("views").add("sales_visit_form", {
    ...formView,
    Controller: SalesVisitFormController,
    Model: SalesVisitModel,
});
