/**
 * Search models that always have one metric (and one period) chosen in the panel:
 * figures of different metrics have no sum, so "All" is not on offer.
 */

const CHOSEN = ["metric_id", "period"];

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

        clearSections(sectionIds) {
            super.clearSections(
                sectionIds.filter(
                    (id) => !CHOSEN.includes(this.sections.get(id).fieldName),
                ),
            );
        }
    };
