import {getCurrency} from "@web/core/currency";
import {user} from "@web/core/user";
import {nbsp} from "@web/core/utils/strings";
import {
    formatFloat,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";

// From here on amounts are shortened.
const LARGE = 100000;

/** 1.23M, or 123.46万 where one counts so. */
function shorten(value, currencyId) {
    const amount = new Intl.NumberFormat(user.lang, {
        notation: "compact",
        maximumFractionDigits: 2,
    }).format(value);
    const {position, symbol} = getCurrency(currencyId) || {};
    const parts = position === "after" ? [amount, symbol] : [symbol, amount];
    return parts.filter(Boolean).join(nbsp);
}

/**
 * A value in the unit of its metric; a dash where there is nothing to divide by.
 *
 * @param {number | false | null} value a ratio as a fraction
 * @param {string} unit of sales.metric
 * @param {object} [options]
 * @param {number} [options.currencyId] of amounts of money
 * @param {boolean} [options.humanReadable] 1.23M instead of 1,234,567.89, in the
 *  words of the user's language
 * @param {number} [options.largest] of the values beside it: they are shortened alike
 * @returns {string}
 */
export function formatMetric(
    value,
    unit,
    {currencyId, humanReadable = false, largest = value} = {},
) {
    if (value === null || value === undefined || value === false) {
        return "–";
    }
    switch (unit) {
        case "money":
            return humanReadable && Math.abs(largest) >= LARGE
                ? shorten(value, currencyId)
                : formatMonetary(value, {currencyId});
        case "percent":
            return formatPercentage(value, {digits: [16, 1]});
        default:
            return formatFloat(value, {digits: [16, 2], trailingZeros: false});
    }
}
