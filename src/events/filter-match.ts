import { atOnce, Effort, type Slices } from './effort.ts'
import type { Branch } from './filter-pattern.ts'
import { searchBranch } from './filter-search.ts'
import { FilterWalk } from './filter-walk.ts'

/** Holds one branch of a pattern against an event: by a walk, and by a search where the event is none of the plain cases. */
export function* matchBranch(branch: Branch, event: unknown, effort: Effort): Slices<boolean> {
  if (branch.isPlain) {
    const walk = new FilterWalk(branch, event)
    let verdict = walk.go(effort)
    for (; verdict === 'paused'; verdict = walk.go(effort)) yield
    if (verdict !== 'entangled') return verdict
  }
  return yield* searchBranch(branch, event, effort)
}

export function matchesBranch(branch: Branch, event: unknown, effort = new Effort()): boolean {
  return atOnce(matchBranch(branch, event, effort))
}
