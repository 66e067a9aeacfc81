import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ok, type Behaviour } from '../../../support/functions/behaviour.ts'
import { answerOf } from '../../../support/functions/dialect.ts'

/** What a function decides on one event. `index` counts its invocations from 0. */
export type Script = (event: LambdaEvent, index: number) => Decision
export type Decision = Extract<Behaviour, { kind: 'ok' | 'error' }>

export interface LambdaEvent {
  readonly Records: readonly EventRecord[]
}

/** The members that the behaviours look at, of every source. */
export interface EventRecord {
  readonly messageId?: string
  readonly receiptHandle?: string
  readonly body?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly messageAttributes?: Readonly<Record<string, unknown>>
  readonly eventSource: string
  readonly eventSourceARN: string
  readonly awsRegion: string
  readonly eventID?: string
  readonly eventName?: string
  readonly kinesis?: { readonly partitionKey: string; readonly sequenceNumber: string; readonly data: string }
  readonly dynamodb?: {
    readonly SequenceNumber: string
    readonly Keys: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly NewImage?: unknown
    readonly OldImage?: unknown
    readonly StreamViewType?: string
  }
}

export interface Invocation {
  readonly event: LambdaEvent
  readonly decision: Decision
  readonly wallMs: number
}

/** An event that no mapping sends: it is answered, and not counted as an invocation. */
export const warmUpEvent: LambdaEvent = { Records: [] }

/** One function: wherever it runs, the test says what it does and sees what it got. */
export interface ScriptedFunction {
  readonly name: string
  readonly invocations: readonly Invocation[]
  behave(script: Script): void
}

export interface ScriptedFunctions {
  of(name: string): ScriptedFunction
  /** Where Millrace invokes the function, in the manner of the Runtime Interface Emulator. */
  invokeUrl(name: string): string
  /** Where a function that runs in the backend asks what to do. */
  controlUrl(name: string): string
  close(): Promise<void>
}

export async function startScriptedFunctions(): Promise<ScriptedFunctions> {
  const functions = new Map<string, Scripted>()
  const of = (name: string): Scripted => {
    const known = functions.get(name) ?? new Scripted(name)
    functions.set(name, known)
    return known
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    text(request).then(
      (body) => {
        const [, way, name = ''] = (request.url ?? '').split('/')
        const decision = of(decodeURIComponent(name)).decide(JSON.parse(body) as LambdaEvent)
        const answer = answerOf('rie', decision, '')
        if (way === 'control') response.setHeader('content-type', 'application/json').end(JSON.stringify(decision))
        else response.writeHead(answer.status, { ...answer.headers }).end(answer.body)
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    of,
    invokeUrl: (name) => `${url}/invoke/${name}/2015-03-31/functions/function/invocations`,
    controlUrl: (name) => `${url}/control/${name}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

class Scripted implements ScriptedFunction {
  readonly name: string
  readonly invocations: Invocation[] = []
  #script: Script = () => succeed()

  constructor(name: string) {
    this.name = name
  }

  behave(script: Script): void {
    this.#script = script
  }

  decide(event: LambdaEvent): Decision {
    if (event.Records.length === 0) return succeed()
    const decision = this.#script(event, this.invocations.length)
    this.invocations.push({ event, decision, wallMs: Date.now() })
    return decision
  }
}

/** The function returns nothing in particular. */
export function succeed(): Decision {
  return ok() as Decision
}

export function fail(message = 'boom', errorType = 'ValueError'): Decision {
  return { kind: 'error', errorType, message }
}

/** The function reports these records as failed and the others as done. */
export function report(identifiers: readonly string[]): Decision {
  return ok({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) }) as Decision
}
