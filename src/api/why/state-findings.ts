import { plural } from '../../model/plural.ts'
import type { Evidence } from './evidence.ts'
import { depthOf, flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { counted, since, sourceNoun } from './wording.ts'

/** The mapping's own state: where it is not Enabled, nothing else has to be looked for. */
export function stateFindings(evidence: Evidence): readonly Finding[] {
  const { document, status, nowMs } = evidence
  const { state, uuid, lastModifiedMs } = document
  const sinceChange = since(lastModifiedMs, nowMs)
  switch (state) {
    case 'Enabled': {
      const isStopping = status?.pauseReasons.includes('drain') ?? false
      if (!isStopping) return []
      return [finding('stopping', `Millrace is shutting down: it finishes what is in flight and reads nothing more.`)]
    }
    case 'Disabled':
      return [
        finding(
          'disabled',
          `The mapping has been Disabled ${sinceChange}: nothing is read.`,
          `Turn it on with \`millrace mappings update ${uuid} --enabled\`.`,
          waitingMeanwhile(evidence),
        ),
      ]
    case 'Disabling':
      return [
        finding(
          'disabled',
          `The mapping has been Disabling ${sinceChange}: nothing new is read.`,
          inFunction(evidence),
        ),
      ]
    case 'Deleting':
      return [
        finding('deleting', `The mapping has been Deleting ${sinceChange}: nothing new is read.`, inFunction(evidence)),
      ]
    case 'Creating':
    case 'Enabling':
    case 'Updating':
      return [
        finding(
          'changing',
          `The mapping has been ${state} ${sinceChange}: it waits for the first answer about the ${sourceNoun(document)} from ${evidence.surroundings.sourceEndpoint}.`,
        ),
      ]
    default:
      return state satisfies never
  }
}

function inFunction(evidence: Evidence): string {
  const invoking = flowsOf(evidence).reduce((total, flow) => total + flow.invoking, 0)
  return invoking === 0 ? '' : `${counted(invoking, 'batch', 'is', 'are')} still in the function.`
}

function waitingMeanwhile(evidence: Evidence): string {
  const depth = depthOf(evidence)
  return depth === null || depth.visible === 0 ? '' : `The queue holds ${plural(depth.visible, 'message')} meanwhile.`
}
