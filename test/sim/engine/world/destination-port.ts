import type { Destination } from '../../../../src/ports.ts'
import type { Fact } from './facts.ts'
import type { Process } from './process.ts'
import { arnOfLife } from './sources.ts'
import { call } from './wire.ts'
import type { World } from './world.ts'

interface FailureBody {
  readonly requestContext: { readonly requestId: string; readonly functionArn: string }
  readonly KinesisBatchInfo?: Whereabouts
  readonly DDBStreamBatchInfo?: Whereabouts
}

interface Whereabouts {
  readonly shardId: string
  readonly startSequenceNumber?: string
  readonly endSequenceNumber?: string
  readonly batchSize?: number
  readonly streamArn: string
}

/** Where failed records are told of; it refuses now and then. */
export function openDestination(world: World, process: Process): Destination {
  // What is refused once is often refused again: a right that is missing, a body that is too long.
  const unwanted = new Set<string>()
  return {
    async deliver({ body }, signal) {
      const rate = unwanted.has(body) ? 1 : world.scenario.faults.undeliverable
      const isRefused = world.goesWrong(rate)
      if (isRefused && world.prng.chance(0.5)) unwanted.add(body)
      return call(
        world,
        process,
        () => {
          if (isRefused) return { kind: 'refused', message: 'no', retryable: world.prng.chance(0.5) } as const
          noteDelivered(world, process, JSON.parse(body) as FailureBody)
          return { kind: 'delivered' } as const
        },
        { signal },
      )
    },
  }
}

function noteDelivered(world: World, process: Process, body: FailureBody): void {
  const name = /function:([^:]+)/.exec(body.requestContext.functionArn)?.[1] ?? ''
  const uuid = world.mappingOf.get(name) ?? ''
  const info = body.KinesisBatchInfo ?? body.DDBStreamBatchInfo
  const start = info?.startSequenceNumber
  if (info === undefined || start === undefined) return
  const inRange = [...world.facts.values()].filter((fact) => isWithin(fact, info, uuid, world))
  // The batch that this was is known where the function answered; otherwise its records are within these numbers.
  const batch = new Set(world.batchOf.get(body.requestContext.requestId) ?? inRange.map((fact) => fact.number))
  const numbers = inRange.map((fact) => fact.number).filter((number) => batch.has(number))
  world.note({ kind: 'delivered', process: process.number, uuid, numbers })
}

function isWithin(fact: Fact, info: Whereabouts, uuid: string, world: World): boolean {
  const position = BigInt(fact.position === '' ? '0' : fact.position)
  const source = world.streamOf(uuid)
  return (
    fact.source === world.sourceOf(uuid) &&
    source !== undefined &&
    info.streamArn === arnOfLife(source, fact.incarnation) &&
    fact.shardId === info.shardId &&
    position >= BigInt(info.startSequenceNumber ?? '0') &&
    position <= BigInt(info.endSequenceNumber ?? '0')
  )
}
