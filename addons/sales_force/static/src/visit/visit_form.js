import {useExternalListener} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";

/**
 * Keeps what is typed about a visit in the browser until it is saved: on the way the
 * network drops, the phone sleeps, the page is loaded again.
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
        return params;
    }

    get draftKey() {
        return `sales_visit_draft,${user.userId},${this.model.root.resId || "new"}`;
    }

    readDraft() {
        return JSON.parse(browser.localStorage.getItem(this.draftKey) || "{}");
    }

    onInput({target}) {
        const field = this.rootRef.el?.contains(target) && target.closest("[name]");
        const name = field && field.getAttribute("name");
        if (["char", "text"].includes(this.model.root.fields[name]?.type)) {
            browser.localStorage.setItem(
                this.draftKey,
                JSON.stringify({...this.readDraft(), [name]: target.value}),
            );
        }
    }

    async restore(root) {
        const draft = Object.entries(this.readDraft()).filter(
            ([name, value]) => name in root.data && value !== (root.data[name] || ""),
        );
        if (draft.length) {
            await root.update(Object.fromEntries(draft));
            this.notification.add(
                _t("What you typed before was not saved yet: it is here again."),
                {type: "info"},
            );
        }
    }

    async onRecordSaved() {
        browser.localStorage.removeItem(this.draftKey);
        return super.onRecordSaved(...arguments);
    }

    async discard() {
        browser.localStorage.removeItem(this.draftKey);
        return super.discard(...arguments);
    }
}

registry.category("views").add("sales_visit_form", {
    ...formView,
    Controller: SalesVisitFormController,
});
