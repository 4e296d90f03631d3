import {HierarchyModel} from "@web_hierarchy/hierarchy_model";
import {hierarchyView} from "@web_hierarchy/hierarchy_view";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";

/** The tree begins with those who report to nobody, and with the user's own profile. */
class RepHierarchyModel extends HierarchyModel {
    get defaultDomain() {
        return ["|", ...super.defaultDomain, ["user_id", "=", user.userId]];
    }
}

registry.category("views").add("sales_rep_hierarchy", {
    ...hierarchyView,
    Model: RepHierarchyModel,
});
