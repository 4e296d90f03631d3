/**
 * Search models that always have one metric (and one period) chosen in the panel:
 * figures of different metrics have no sum, so "All" is not on offer. Of filters that
 * exclude each other the last one counts, instead of both.
 */

const CHOSEN = ["metric_id", "period"];
const EXCLUSIVE = [
    [
        "this_month",
        "last_month",
        "last_three_months",
        "this_quarter",
        "this_year",
        "date",
    ],
    ["company_total", "including_overlays"],
];

/**
 * @template {typeof import("@web/search/search_model").SearchModel} T
 * @param {T} SearchModel
 * @returns {T}
 */
export const withOneMetric = (SearchModel) =>
    class extends SearchModel {
        _createCategoryTree(sectionId) {
            super._createCategoryTree(...arguments);
            const category = this.sections.get(sectionId);
            if (CHOSEN.includes(category.fieldName) && category.values.size > 1) {
                category.rootIds = category.rootIds.filter(Boolean);
            }
        }

        _ensureCategoryValue(category, valueIds) {
            const chosen = CHOSEN.includes(category.fieldName);
            const ids = chosen ? valueIds.filter(Boolean) : valueIds;
            super._ensureCategoryValue(category, ids.length ? ids : valueIds);
        }

        toggleSearchItem(searchItemId) {
            this.replaceExclusive(searchItemId);
            super.toggleSearchItem(...arguments);
        }

        toggleDateFilter(searchItemId) {
            this.replaceExclusive(searchItemId);
            super.toggleDateFilter(...arguments);
        }

        replaceExclusive(searchItemId) {
            const {name} = this.searchItems[searchItemId];
            const names = EXCLUSIVE.find((group) => group.includes(name)) || [];
            this.query = this.query.filter((element) => {
                const other = this.searchItems[element.searchItemId];
                return other.name === name || !names.includes(other.name);
            });
        }

        /** What is chosen in the panel, as the metric and the territory. */
        get chosenLabels() {
            return [...this.sections.values()]
                .filter((section) => section.type === "category")
                .map((section) => section.values.get(section.activeValueId))
                .filter((value) => value && value.id)
                .map((value) => value.display_name);
        }

        clearSections(sectionIds) {
            super.clearSections(
                sectionIds.filter(
                    (id) => !CHOSEN.includes(this.sections.get(id).fieldName),
                ),
            );
        }
    };
