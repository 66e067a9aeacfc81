import { nearest } from '../config/suggestion.ts'
import type { Look, MappingExamination } from '../model/examination.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { EndpointProbe } from '../model/endpoint-probe.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly ok: boolean
  /** It could not be looked at, and that alone is no fault. */
  readonly isUnknown?: true
  readonly what: string
  /** What was seen; where it is not well, also what to do. */
  readonly says: string
}

export function endpointFinding({ failure, look, url, what }: EndpointProbe): Finding {
  if (failure === null) {
    return { ok: true, what, says: look === 'waits' ? `${url} answers: it waits for an event` : `${url} answers` }
  }
  const says =
    look === 'refuses'
      ? `${url} runs no function (${failure}); correct the url`
      : `${url} cannot be reached (${failure}); start it, or correct the address or its trust`
  return { ok: false, what, says }
}

/** What a start would make of one mapping of the file, part by part. */
export function mappingFindings(examined: MappingExamination, settings: ServiceSettings): readonly Finding[] {
  const { mapping } = examined
  const at = mapping.where ?? mapping.sourceName
  return [
    { what: `${at} source`, ...sourceSays(examined) },
    { what: `${at} function`, ...functionSays(examined, settings) },
    ...visibilitySays(examined).map((says) => ({ what: `${at} visibility`, ...says })),
    ...destinationSays(examined).map((says) => ({ what: `${at} destination`, ...says })),
  ]
}

type Says = Omit<Finding, 'what'>

function sourceSays({ mapping: { sourceName }, source }: MappingExamination): Says {
  switch (source.kind) {
    case 'found':
      return { ok: true, says: `${sourceName} is there` }
    case 'missing':
      return {
        ok: false,
        says: `${sourceName} does not exist: create it, or correct EventSourceArn (${source.message})`,
      }
    case 'denied':
      return { ok: false, says: `${sourceName} may not be read with these credentials (${source.message})` }
    case 'unknown':
      return { ok: false, says: `${sourceName} cannot be looked at (${source.message})` }
    default:
      return source satisfies never
  }
}

function functionSays({ function: look, mapping }: MappingExamination, { functions }: ServiceSettings): Says {
  const name = mapping.parameters.FunctionName
  if (look.kind === 'found') return { ok: true, says: `${name} is there` }
  const names = functions.map((hosted) => hosted.name)
  const similar = nearest(bareName(name), names)
  const meant = similar === undefined ? '' : ` Did you mean ${similar}?`
  const place = names.length === 0 ? '' : ' is not in functions: and'
  if (look.kind === 'missing') return { ok: false, says: `${name}${place} does not exist: ${sentence(look)}${meant}` }
  // Many an emulator cannot tell; that the endpoint is away is said of the endpoint.
  const says = `${name}${place} cannot be looked at: ${sentence(look)}${meant}`
  return similar === undefined ? { ok: true, isUnknown: true, says } : { ok: false, says }
}

/** Of an ARN, what it is called in `functions:`. */
function bareName(name: string): string {
  return name.replace(/^.*:function:/, '')
}

function sentence({ message }: Exclude<Look, { kind: 'found' }>): string {
  return /[.?!]$/.test(message) ? message : `${message}.`
}

function visibilitySays({ timeoutMs, visibilityMs }: MappingExamination): readonly Says[] {
  if (visibilityMs === null || timeoutMs === null) return []
  const [visibility, timeout] = [visibilityMs / 1_000, timeoutMs / 1_000]
  if (visibility >= timeout) {
    return [{ ok: true, says: `the queue's ${visibility} s cover the function's timeout of ${timeout} s` }]
  }
  const advice = `AWS refuses such a mapping. Set the queue's to ${timeout} s at least (AWS advises six times the timeout)`
  return [
    {
      ok: false,
      says: `the queue's ${visibility} s are shorter than the function's timeout of ${timeout} s: ${advice}`,
    },
  ]
}

function destinationSays({ destination, mapping }: MappingExamination): readonly Says[] {
  const arn = mapping.parameters.DestinationConfig?.OnFailure?.Destination
  if (destination === null || arn === undefined) return []
  switch (destination.kind) {
    case 'found':
      return [{ ok: true, says: `${arn} is there` }]
    case 'missing':
      return [
        { ok: false, says: `${arn} does not exist: create it, or correct DestinationConfig (${destination.message})` },
      ]
    // Sending is another right than looking.
    case 'denied':
      return [
        {
          ok: true,
          isUnknown: true,
          says: `${arn} may not be looked at with these credentials (${destination.message})`,
        },
      ]
    case 'unknown':
      return [{ ok: false, says: `${arn} cannot be looked at (${destination.message})` }]
    default:
      return destination satisfies never
  }
}
