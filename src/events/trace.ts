import { parseFunctionName } from '../model/arn.ts'
import type { SourceRecord } from '../model/record.ts'
import { orderHash } from './order-hash.ts'

/**
 * Recursive loop detection (behaviour §13.17). The `Lineage` field of an X-Ray trace header names each function that a chain of
 * events went through, by hash, with how often it came back to it: `Lineage=3:a87bd80c:2`. The first number counts the whole
 * chain. Execution n of a function is sent n − 1.
 */

/** What carries this is refused: sixteen executions were seen on AWS. */
export const lineageCountMax = 15

/** How often the chain came back to this function; -1: it was never there. */
export function lineageCount(traceHeader: string | undefined, functionName: string): number {
  const entries = lineageOf(traceHeader).entries
  const own = entries.filter(({ hash }) => hash === hashOf(functionName))
  // Hashes by AWS are unknown here: any may be this function's. Those made here are told apart.
  const counted = own.length > 0 ? own : entries.filter(({ hash }) => !madeHere.test(hash))
  return Math.max(-1, ...counted.map(({ count }) => count))
}

/** A batch has one trace: that of the record that came back most often, so that every loop in it ends. */
export function longestChain(records: readonly Pick<SourceRecord, 'traceHeader'>[], functionName: string): Chain {
  let longest: Chain = { traceHeader: undefined, count: -1 }
  for (const { traceHeader } of records) {
    if (traceHeader === undefined) continue
    const count = lineageCount(traceHeader, functionName)
    if (count > longest.count || longest.traceHeader === undefined) longest = { traceHeader, count }
  }
  return longest
}

export interface Chain {
  readonly traceHeader: string | undefined
  /** As lineageCount has it. */
  readonly count: number
}

export interface Chance {
  readonly nowMs: number
  readonly uuid: string
}

/**
 * The header that an execution of this function is sent where nobody but Millrace counts. Without one, a trace begins, unsampled:
 * Lambda gives every execution a trace as well.
 */
export function countedTrace(traceHeader: string | undefined, functionName: string, chance: Chance): string {
  const { length, entries } = lineageOf(traceHeader)
  const own = { hash: hashOf(functionName), count: lineageCount(traceHeader, functionName) + 1 }
  const others = entries.filter(({ hash }) => hash !== own.hash)
  const lineage = [own, ...others].map(({ hash, count }) => `${hash}:${count}`).join('|')
  const fields = fieldsOf(traceHeader).filter((field) => !isLineage(field))
  return [...(fields.length > 0 ? fields : newTrace(chance)), `Lineage=${length + 1}:${lineage}`].join(';')
}

interface Entry {
  readonly hash: string
  readonly count: number
}

interface Lineage {
  /** Executions of the chain so far. */
  readonly length: number
  readonly entries: readonly Entry[]
}

/** Older headers have no number at the front: then it is that of the highest count. */
function lineageOf(traceHeader: string | undefined): Lineage {
  const text = fieldsOf(traceHeader).find(isLineage)?.slice('lineage='.length) ?? ''
  const [, length, list = text] = /^(\d{1,9}):([^:|]*:\d.*)$/.exec(text) ?? []
  const entries = list.split('|').flatMap((entry) => {
    const [, hash = '', count = ''] = /^\s*([^:]*):(\d{1,9})\s*$/.exec(entry) ?? []
    return count === '' ? [] : [{ hash, count: Number(count) }]
  })
  return { length: Number(length ?? Math.max(0, ...entries.map(({ count }) => count + 1))), entries }
}

function fieldsOf(traceHeader: string | undefined): readonly string[] {
  return (traceHeader ?? '')
    .split(';')
    .map((field) => field.trim())
    .filter((field) => field !== '')
}

function isLineage(field: string): boolean {
  return /^lineage=/i.test(field)
}

/** No hash of AWS has this letter, being hexadecimal. */
const madeHere = /^m[0-9a-f]{7}$/

/** Of the bare name: versions and aliases of a function are one loop. */
function hashOf(functionName: string): string {
  const name = parseFunctionName(functionName)?.name ?? functionName
  return `m${(orderHash(name) >>> 4).toString(16).padStart(7, '0')}`
}

function newTrace({ nowMs, uuid }: Chance): readonly string[] {
  const digits = uuid.replaceAll('-', '')
  const second = Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0')
  return [`Root=1-${second}-${digits.slice(0, 24)}`, `Parent=${digits.slice(-16)}`, 'Sampled=0']
}
