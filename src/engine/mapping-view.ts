import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { Log } from '../observe/log.ts'
import type { Source } from '../ports.ts'
import type { EngineContext } from './engine-context.ts'
import type { FlowSettings } from './flow-context.ts'
import { flowConfigOf, matcherOf, receiveVisibilityOf, type FoundSource } from './flow-settings.ts'
import type { RecordFilter } from './record-sieve.ts'

/** Offsets below this are the grain of a Date header, not a wrong clock. */
const offsetMsMin = 1_500

interface KnownFunction {
  readonly timeoutMs: number | null
  readonly capacity: number | null
}

const unknownFunction: KnownFunction = { timeoutMs: null, capacity: null }

const longerText =
  "The queue's visibility timeout is too short for batching window and function timeout; messages are received with a longer one."
const uncoveredText =
  'Batching window and function timeout exceed 12 hours, the longest visibility of a message: it may be delivered again while it runs. Shorten one of them.'

/** What one mapping has last seen of its source and its function, and what follows from it for its flows. */
export class MappingView {
  readonly #engine: EngineContext
  readonly #source: Source
  readonly #log: Log
  #found: FoundSource | null = null
  /** Life → the names of its shards, of what was found last: ten thousand flows ask when they begin. */
  readonly #listed = new Map<string, ReadonlySet<string>>()
  /** A stream that is followed by its name has another ARN in each life. */
  readonly #arns = new Map<string, string>()
  #function: { readonly name: string; readonly known: KnownFunction } | null = null
  #filter: { readonly criteria: unknown; readonly matches: RecordFilter } | null = null
  #toldVisibilityMs: number | null = null
  #unreachable = false

  constructor(engine: EngineContext, source: Source, log: Log) {
    this.#engine = engine
    this.#source = source
    this.#log = log
  }

  get source(): Source {
    return this.#source
  }

  noteSource(found: FoundSource): void {
    this.#found = found
    this.#listed.clear()
    for (const { incarnation, arn } of [...(found.older ?? []), found]) this.#arns.set(incarnation, arn)
  }

  /** The ARN of the stream in this life of the source. */
  arnOf(incarnation: string): string | undefined {
    return this.#arns.get(incarnation)
  }

  /** False: a shard that the source names only as the parent of another. */
  lists(incarnation: string, shardId: string): boolean {
    let listed = this.#listed.get(incarnation)
    if (listed === undefined) {
      const found = this.#found
      const lives = found === null ? [] : [...(found.older ?? []), found]
      const life = lives.find((each) => each.incarnation === incarnation)
      listed = new Set(life?.shards.map((shard) => shard.shardId))
      this.#listed.set(incarnation, listed)
    }
    return listed.has(shardId)
  }

  noteFunction(name: string, known: KnownFunction): void {
    this.#function = { name, known }
  }

  /** A queue's flow that begins now begins with looking at the function. */
  noteReach(unreachable: boolean): void {
    this.#unreachable = unreachable
  }

  /** What was seen of the function before says nothing of the one that an update names. */
  #knownOf({ parameters }: MappingDocument): KnownFunction {
    return this.#function?.name === parameters.FunctionName ? this.#function.known : unknownFunction
  }

  /** Everything that decides how flows run, as one comparable text. */
  fingerprint(document: MappingDocument): string {
    const { shards: _, older: __, ...found } = this.#found ?? { shards: [] }
    return JSON.stringify([found, this.#function, document.parameters, document.functionArn])
  }

  settings(
    document: MappingDocument,
    { origin, incarnation }: { readonly origin: 'first' | 'late'; readonly incarnation: string },
  ): FlowSettings {
    const { parameters, source } = document
    const found = this.#found
    if (found === null) throw new Error('A flow was started before its source was seen.')
    const known = this.#knownOf(document)
    const { maxInvocations, scaling } = this.#engine.services.settings
    const isAws = this.#engine.isAws(source)
    const around = {
      found,
      ...known,
      unreachable: this.#unreachable,
      origin,
      scaling: scaling ?? (isAws ? 'aws' : 'eager'),
      maxInvocations,
      isAws,
      tipMsMax: this.#engine.census.tipMsMax,
      idlePollMs: this.#engine.services.settings.idlePollMs,
      clockOffsetMs: this.#clockOffsetMs(),
    }
    if (!isStream(source)) this.#tellVisibility(document, found)
    return {
      config: flowConfigOf(document, around),
      functionName: parameters.FunctionName,
      functionArn: document.functionArn,
      capacity: known.capacity,
      reportsFailures: parameters.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      sourceArn: this.arnOf(incarnation) ?? found.arn,
      maxReceiveCount: found.maxReceiveCount ?? null,
      destination: parameters.DestinationConfig?.OnFailure?.Destination ?? null,
      matches: this.#matches(document),
    }
  }

  #clockOffsetMs(): number {
    const offsetMs = this.#source.clockOffsetMs()
    return Math.abs(offsetMs) < offsetMsMin ? 0 : Math.round(offsetMs)
  }

  /** Compiled once for each set of criteria. */
  #matches(document: MappingDocument): RecordFilter {
    const criteria = document.parameters.FilterCriteria
    if (this.#filter === null || this.#filter.criteria !== criteria) {
      this.#filter = { criteria, matches: matcherOf(document) }
    }
    return this.#filter.matches
  }

  #tellVisibility(document: MappingDocument, found: FoundSource): void {
    const { timeoutMs } = this.#knownOf(document)
    const named = receiveVisibilityOf(document.parameters, { found, timeoutMs })
    const visibilityMs = named.isLonger ? named.visibilityMs : null
    if (visibilityMs === this.#toldVisibilityMs) return
    this.#toldVisibilityMs = visibilityMs
    if (visibilityMs === null) return
    const fields = { queueVisibilityMs: found.visibilityMs, receiveVisibilityMs: visibilityMs, timeoutMs }
    if (named.isCovered) this.#log.info(fields, longerText)
    else this.#log.warn(fields, uncoveredText)
  }
}
