import {MailComposerTemplateSelector} from "@mail/core/web/mail_composer_template_selector";
import {patch} from "@web/core/utils/patch";

/** Of tickets: the answers of their team and category, not what the system sends. */
patch(MailComposerTemplateSelector.prototype, {
    async fetchTemplates() {
        const {render_model, res_ids} = this.props.record.data;
        if (render_model !== "sales.service.ticket" || !res_ids) {
            return super.fetchTemplates();
        }
        this.state.templates = await this.orm.call(
            "mail.template",
            "get_service_answers",
            [JSON.parse(res_ids)],
        );
    },
});
