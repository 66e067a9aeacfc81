import { ApiError } from '../model/api-error.ts'
import { isHalfDone } from '../core/adoption/return.ts'
import { isAtRest } from '../core/mapping/states.ts'
import type { Log } from '../observe/log.ts'
import type { UpstreamChange, UpstreamMappings } from '../ports.ts'
import { changedMembers } from './adopt-difference.ts'
import type { AdoptionWatch } from './adopt.ts'
import type { MappingChanges, Mappings } from './mappings.ts'
import type { Registry } from './registry.ts'

interface Parts {
  readonly registry: Registry
  readonly upstream: UpstreamMappings
  readonly watch: Pick<AdoptionWatch, 'exclusive'>
  readonly log: Log
}

/**
 * The mappings as our own port changes them. What was adopted is changed and deleted upstream as well: else the next look would bring
 * back what was deleted, and `--adopt=undo` would give back what was. Enabled is ours alone: upstream it stays disabled.
 */
export function withUpstream(parts: Parts): Mappings {
  const { registry, watch } = parts
  return {
    list: () => registry.list(),
    nameless: () => registry.nameless(),
    damageOf: (uuid) => registry.damageOf(uuid),
    get: (uuid) => registry.get(uuid),
    create: (request) => registry.create(request),
    update: (uuid, changes) =>
      isAdopted(registry, uuid) ? watch.exclusive(() => update(uuid, changes, parts)) : registry.update(uuid, changes),
    delete: (uuid) => (isAdopted(registry, uuid) ? watch.exclusive(() => remove(uuid, parts)) : registry.delete(uuid)),
    tag: (uuid, tags) => registry.tag(uuid, tags),
    untag: (uuid, keys) => registry.untag(uuid, keys),
    status: (uuid) => registry.status(uuid),
  }
}

function isAdopted(registry: Registry, uuid: string): boolean {
  return registry.get(uuid)?.adopted !== undefined
}

/** The upstream's answer is waited for by its own deadline; nobody else ends it. */
const noSignal = new AbortController().signal

async function update(uuid: string, changes: MappingChanges, { registry, upstream, log }: Parts) {
  const adopted = checkAtRest(registry, uuid)
  const before = registry.get(uuid)
  if (adopted === undefined || before === undefined) return registry.update(uuid, changes)
  const body = changedMembers(before.parameters, changes.parameters)
  if (Object.keys(body).length > 0) {
    await registry.note(uuid, { ...adopted, phase: 'touched' })
    const result = await upstream.update(uuid, { ...body, Enabled: false }, noSignal)
    if (result.kind !== 'done') {
      log.warn(
        { mapping: uuid, reason: messageOf(result) },
        'The change holds here, but the upstream did not take it: the next change there will undo it.',
      )
    }
  }
  return registry.update(uuid, changes)
}

async function remove(uuid: string, { registry, upstream }: Parts) {
  if (checkAtRest(registry, uuid) !== undefined) {
    const result = await upstream.delete(uuid, noSignal)
    if (result.kind === 'busy') throw new ApiError('ResourceInUseException', messageOf(result))
    if (result.kind !== 'done' && result.kind !== 'missing') {
      throw new ApiError(
        'ServiceException',
        `The mapping was adopted, and the upstream did not delete it, so it would come back: ${messageOf(result)}`,
      )
    }
  }
  return registry.delete(uuid)
}

/** undefined: the registry has its own refusal for it. */
function checkAtRest(registry: Registry, uuid: string) {
  const document = registry.get(uuid)
  if (document?.adopted === undefined || !isAtRest(document.state)) return undefined
  if (!isHalfDone({ adopted: document.adopted })) return document.adopted
  throw new ApiError('ResourceInUseException', 'The event source mapping is on its way from or to the upstream.')
}

function messageOf(result: UpstreamChange): string {
  return result.kind === 'done' ? '' : result.message
}
