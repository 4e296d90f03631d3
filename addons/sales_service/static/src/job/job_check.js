import {registry} from "@web/core/registry";
import {consents, locate} from "@sales_force/visit/visit_check";

/** Ask the device where it is, if the agent agrees, and check in or out with it. */
async function check(env, {params: {model, id, method, check: info}}) {
    const {orm} = env.services;
    const position = (await consents(env.services, info))
        ? await locate()
        : {refused: true};
    const next = await orm.call(model, method, [[id], position]);
    return next instanceof Object
        ? next
        : {type: "ir.actions.client", tag: "soft_reload"};
}

registry.category("actions").add("sales_service_check", check);
