import {KeepLast} from "@web/core/utils/concurrency";
import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/** What may help, as soon as the customer says what a new ticket is about. */
export class ServiceArticles extends Interaction {
    static selector = "form:has(.o_service_articles)";
    dynamicContent = {
        "[name=category_id], [name=subject]": {"t-on-change": this.load},
    };

    setup() {
        this.keepLast = new KeepLast();
    }

    start() {
        return this.load();
    }

    async load() {
        const value = (name) => this.el.querySelector(`[name=${name}]`)?.value || "";
        const query = new URLSearchParams({
            category_id: value("category_id"),
            subject: value("subject"),
        });
        const response = await this.keepLast.add(
            this.waitFor(fetch(`/my/tickets/articles?${query}`)),
        );
        if (response.ok) {
            const found = await this.keepLast.add(this.waitFor(response.text()));
            this.el.querySelector(".o_service_articles").innerHTML = found;
        }
    }
}

registry.category("public.interactions").add("sales_service.articles", ServiceArticles);
