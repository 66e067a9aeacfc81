import type { Evidence } from './evidence.ts'
import { finding, type Finding } from './finding.ts'

/** What the filters took of what was read since the process started. */
export function filterFindings({ counts, document }: Evidence): readonly Finding[] {
  if (counts === undefined || document.parameters.FilterCriteria === undefined) return []
  const { filteredOut, polled } = counts
  if (filteredOut === 0) return []
  if (filteredOut >= polled) {
    const all = polled === 1 ? 'The one record' : `Every one of the ${polled} records`
    return [
      finding(
        'all-filtered',
        `${all} read since the start was filtered out: no pattern of FilterCriteria matches.`,
        'Compare a record of the source with the patterns.',
      ),
    ]
  }
  return [finding('some-filtered', `${filteredOut} of ${polled} records read since the start were filtered out.`)]
}
