import { isJsonObject, objectOf, stringOf, type JsonObject } from '../events/json-value.ts'

/** What a queue says of one entry of a batch that it did not do. */
export interface EntryRefusal {
  readonly code: string
  readonly message: string
  readonly senderFault: boolean
}

/** What a batch's answer says of each entry, by its id. An entry that neither list names is `unnamed`. */
export function answersOf(output: unknown): (id: string) => EntryRefusal | 'done' | 'unnamed' {
  const { Failed: failed, Successful: successful } = objectOf(output)
  const done = new Set(entriesOf(successful).map(({ Id: id }) => id))
  const refusals = new Map<unknown, EntryRefusal>()
  for (const entry of entriesOf(failed)) {
    const code = stringOf(entry['Code']) ?? 'Unknown'
    const message = stringOf(entry['Message']) ?? 'no reason given'
    refusals.set(entry['Id'], { code, message, senderFault: entry['SenderFault'] === true })
  }
  return (id) => refusals.get(id) ?? (done.has(id) ? 'done' : 'unnamed')
}

function entriesOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}

/** Asked again as it is, it is refused again. */
export function isFinal({ code, senderFault }: Pick<EntryRefusal, 'code' | 'senderFault'>): boolean {
  return senderFault && !isPassing(code)
}

/** The same of a call that was refused as a whole. */
export function isSendersFault(status: number): boolean {
  return status < 500 && status !== 429
}

/** Throttles are the sender's fault in AWS's words, and so is a session that is about to be renewed. */
function isPassing(code: string): boolean {
  return /throttl|limit|^Expired/i.test(code)
}
