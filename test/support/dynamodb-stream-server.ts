import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { closeShard, openShard, sequenceNumbers, trimShard, writeItem } from './sources/dynamo-tables.ts'
import type { Item, Stream, StreamShard, Table } from './sources/dynamo-tables.ts'
import { AwsRefusal, createDynamoOperations } from './sources/dynamo-operations.ts'
import type { DynamoState } from './sources/dynamo-operations.ts'

/**
 * DynamoDB and its streams over HTTP, with what no emulator has: several shards that close, roll over and are trimmed, and
 * iterators that expire. Tables are made and written to here or through the API (PutItem, DeleteItem).
 */
export interface DynamoStreamServer {
  readonly endpoint: string
  /** Makes a table with the key `id` and gives the ARN of its stream. */
  createTable(name: string, options?: TableOptions): string
  deleteTable(name: string): void
  /** The stream ends: no more records, open shards close. As at AWS the table names it until there is another one. */
  disableStream(name: string): void
  /** A new stream, empty, for a table whose stream was disabled; the old one can still be read. Gives its ARN. */
  enableStream(name: string, options?: Omit<TableOptions, 'stream'>): string
  /** A day goes by: streams of the table that are disabled can be read no more. */
  forgetStreams(name: string): void
  /** Writes `{ id, ...more }` and gives the sequence number of the change. */
  put(table: string, id: string, more?: Item): string
  /** The same into the nth open shard, whichever the key belongs to. */
  putInto(table: string, nth: number, id: string, more?: Item): string
  remove(table: string, id: string): string
  /** Ids of the shards of the table's stream, oldest first. */
  shardIds(table: string, which?: 'open' | 'all'): readonly string[]
  /** Closes a shard and opens its child; all open ones where none is named. Gives the children. */
  roll(table: string, shardId?: string): readonly string[]
  /** Forgets the oldest records of a shard. */
  trim(table: string, shardId: string, count: number): void
  /** A closed shard is no longer listed, nor read. */
  dropShard(table: string, shardId: string): void
  /** Iterators given so far are refused from here on. */
  expireIterators(): void
  /** Answers of the next calls of an operation, in this order; null: the call is answered as always. */
  readonly refusals: Map<string, (AwsRefusal | null)[]>
  /** Which iterators were asked for. */
  readonly iteratorTypes: readonly string[]
  /** How often each operation was called. */
  readonly calls: ReadonlyMap<string, number>
  /** The most shards that one DescribeStream names. */
  shardsPerPage: number
  /** The most streams that one ListStreams names. */
  streamsPerPage: number
  /** The next pages come without records although there are some, as DynamoDB's do. */
  emptyPages: number
  /** What changes are stamped to: the second, or as DynamoDB Local does the minute. */
  stampMs: number
  close(): Promise<void>
}

export interface TableOptions {
  readonly shards?: number
  readonly viewType?: 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'
  /** False: the table has no stream. */
  readonly stream?: boolean
}

const region = 'us-east-1'

export async function startDynamoStreamServer(): Promise<DynamoStreamServer> {
  const numbers = sequenceNumbers(100n)
  const state: DynamoState = {
    tables: new Map(),
    dropped: [],
    numbers,
    generation: 1,
    shardsPerPage: 100,
    streamsPerPage: 100,
    emptyPages: 0,
  }
  const refusals = new Map<string, (AwsRefusal | null)[]>()
  const iteratorTypes: string[] = []
  const calls = new Map<string, number>()
  const operations = createDynamoOperations(state)
  let streamsMade = 0
  let stampMs = 1_000

  function table(name: string): Table {
    const found = state.tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }

  function stream(name: string): Stream {
    const found = table(name).stream
    if (found === null) throw new Error(`Table ${name} has no stream.`)
    return found
  }

  function shard(name: string, shardId: string): StreamShard {
    const found = stream(name).shards.get(shardId)
    if (found === undefined) throw new Error(`Table ${name} has no shard ${shardId}.`)
    return found
  }

  function write(name: string, key: Item, item: Item | null, into?: number): string {
    const nowMs = Math.floor(Date.now() / stampMs) * stampMs
    const record = writeItem(table(name), key, item, { numbers, nowMs, region, into })
    return record?.sequenceNumber ?? ''
  }

  function makeStream(name: string, shards: number): Stream {
    streamsMade += 1
    // A label is a moment; two streams made in one millisecond must differ all the same.
    const createdMs = Date.now() + streamsMade
    const label = new Date(createdMs).toISOString().slice(0, -1)
    const arn = `arn:aws:dynamodb:${region}:000000000000:table/${name}/stream/${label}`
    const made: Stream = { arn, label, createdMs, shards: new Map(), enabled: true }
    for (let nth = 0; nth < shards; nth += 1) openShard(made, null, numbers.peek())
    return made
  }

  function answer(operation: string, input: Item): object {
    calls.set(operation, (calls.get(operation) ?? 0) + 1)
    const refusal = refusals.get(operation)?.shift()
    if (refusal !== undefined && refusal !== null) throw refusal
    if (operation === 'GetShardIterator') iteratorTypes.push(String(input['ShardIteratorType']))
    const handler = operations.get(operation)
    if (handler === undefined) throw new AwsRefusal('UnknownOperationException', `${operation} is not faked.`)
    return handler(input)
  }

  const server = createServer((request, response) => void serve(request, response, answer))
  const port = await listen(server)

  return {
    endpoint: `http://127.0.0.1:${port}`,
    refusals,
    iteratorTypes,
    calls,
    get shardsPerPage() {
      return state.shardsPerPage
    },
    set shardsPerPage(count) {
      state.shardsPerPage = count
    },
    get emptyPages() {
      return state.emptyPages
    },
    set emptyPages(count) {
      state.emptyPages = count
    },
    get stampMs() {
      return stampMs
    },
    set stampMs(grainMs) {
      stampMs = grainMs
    },
    get streamsPerPage() {
      return state.streamsPerPage
    },
    set streamsPerPage(count) {
      state.streamsPerPage = count
    },
    createTable(name, { shards = 1, viewType = 'NEW_AND_OLD_IMAGES', stream: withStream = true } = {}) {
      const made = withStream ? makeStream(name, shards) : null
      state.tables.set(name, { name, keyNames: ['id'], viewType, items: new Map(), stream: made })
      return made?.arn ?? ''
    },
    deleteTable: (name) => void state.tables.delete(name),
    disableStream(name) {
      const ended = stream(name)
      for (const open of ended.shards.values()) if (open.end === null) closeShard(ended, open, numbers, false)
      ended.enabled = false
    },
    enableStream(name, { shards = 1, viewType = 'NEW_AND_OLD_IMAGES' } = {}) {
      const own = table(name)
      if (own.stream?.enabled === true) throw new Error(`Table ${name} has a stream already.`)
      if (own.stream !== null) state.dropped.push({ table: name, stream: own.stream })
      own.stream = makeStream(name, shards)
      own.viewType = viewType
      return own.stream.arn
    },
    forgetStreams(name) {
      state.dropped = state.dropped.filter(({ table: owner }) => owner !== name)
      const own = state.tables.get(name)
      if (own?.stream?.enabled === false) own.stream = null
    },
    put: (name, id, more = {}) => write(name, { id: { S: id } }, { id: { S: id }, ...more }),
    putInto: (name, nth, id, more = {}) => write(name, { id: { S: id } }, { id: { S: id }, ...more }, nth),
    remove: (name, id) => write(name, { id: { S: id } }, null),
    shardIds: (name, which = 'all') =>
      [...stream(name).shards.values()]
        .filter(({ end }) => which === 'all' || end === null)
        .map(({ shardId }) => shardId),
    roll(name, shardId) {
      const own = stream(name)
      const rolled =
        shardId === undefined ? [...own.shards.values()].filter(({ end }) => end === null) : [shard(name, shardId)]
      return rolled.flatMap((one) => closeShard(own, one, numbers, true)?.shardId ?? [])
    },
    trim: (name, shardId, count) => trimShard(shard(name, shardId), count),
    dropShard: (name, shardId) => void stream(name).shards.delete(shardId),
    expireIterators() {
      state.generation += 1
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (operation: string, input: Item) => object,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
  const headers = { 'content-type': 'application/x-amz-json-1.0' }
  try {
    const input: Item = JSON.parse(Buffer.concat(chunks).toString() || '{}')
    const body = JSON.stringify(answer(operation, input))
    response.writeHead(200, headers).end(body)
  } catch (error) {
    const refusal = error instanceof AwsRefusal ? error : new AwsRefusal('InternalServerError', String(error), 500)
    const body = { __type: `com.amazonaws.dynamodb.v20120810#${refusal.code}`, message: refusal.message }
    response.writeHead(refusal.status, headers).end(JSON.stringify(body))
  }
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
