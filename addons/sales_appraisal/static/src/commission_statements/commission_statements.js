import {evaluateBooleanExpr} from "@web/core/py_js/py";
import {ListController} from "@web/views/list/list_controller";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

/** Offers a step where it can be taken for one of the selected statements at least. */
export class CommissionStatementsController extends ListController {
    evalViewModifier(modifier) {
        return this.model.root.selection.every((record) =>
            evaluateBooleanExpr(modifier, record.evalContext),
        );
    }
}

registry.category("views").add("sales_commission_statements", {
    ...listView,
    Controller: CommissionStatementsController,
});
