/** What a fake function does with one invocation. The server translates it into the dialect it speaks. */
export type Behaviour =
  /** Returns: `payload` is the JSON text of the result. */
  | { readonly kind: 'ok'; readonly payload: string; readonly version?: string | undefined }
  /** Throws. */
  | { readonly kind: 'error'; readonly errorType: string; readonly message: string }
  /** The runtime gives up on the function after its timeout. */
  | { readonly kind: 'timeout'; readonly seconds: number }
  /** The runtime's process dies during the invocation. */
  | { readonly kind: 'exit' }
  /** Nothing runs: too many at once. */
  | { readonly kind: 'throttle'; readonly retryAfterS?: number | undefined }
  /** Any answer, word for word. */
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** The connection breaks: once the request is there, or in the middle of the answer. */
  | { readonly kind: 'reset'; readonly when: 'accepted' | 'midway' }
  /** No answer until the caller gives up or the server closes. */
  | { readonly kind: 'hang' }

export function ok(result: unknown = null, version?: string): Behaviour {
  return { kind: 'ok', payload: JSON.stringify(result) ?? 'null', version }
}

/** A result that is not made by JSON.stringify: broken JSON, special formatting. */
export function okText(payload: string): Behaviour {
  return { kind: 'ok', payload }
}

export function throwing(message = 'boom', errorType = 'Error'): Behaviour {
  return { kind: 'error', errorType, message }
}

/** A well-formed partial batch response that names these records. */
export function partial(...identifiers: readonly string[]): Behaviour {
  return ok({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) })
}

export function throttle(retryAfterS?: number): Behaviour {
  return { kind: 'throttle', retryAfterS }
}

export function timingOut(seconds = 3): Behaviour {
  return { kind: 'timeout', seconds }
}

export function exiting(): Behaviour {
  return { kind: 'exit' }
}

export function reset(when: 'accepted' | 'midway' = 'accepted'): Behaviour {
  return { kind: 'reset', when }
}

export function hanging(): Behaviour {
  return { kind: 'hang' }
}

export function raw(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Behaviour {
  return { kind: 'raw', status, headers, body }
}

/** Something a test opens by hand: a handler awaits it, so that "slow" needs no time. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
