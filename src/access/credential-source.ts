import type { SigningIdentity } from '../auth/signature.ts'

/** What an SDK credential provider gives. */
export interface ProvidedCredentials extends SigningIdentity {
  readonly expiration?: Date | undefined
}

export type CredentialProvider = () => Promise<ProvidedCredentials>

export type CredentialsResult =
  | { readonly kind: 'ok'; readonly identity: SigningIdentity }
  /** `unconfigured`: no provider of the chain had anything to try. */
  | { readonly kind: 'error'; readonly message: string; readonly unconfigured: boolean }

/** Keeps credentials until shortly before they end. The hot path gets them without waiting. */
export interface CredentialSource {
  current(): SigningIdentity | null
  renew(): Promise<CredentialsResult>
}

/** The SDK renews five minutes ahead; asking it again earlier than that would only repeat the old ones. */
const renewAheadMs = 300_000

/** How long a failed renewal is not repeated while the old credentials still hold. */
const renewPauseMs = 10_000
/** How long a failure is repeated where there are none at all: a process full of flows asks with every request. */
const failurePauseMs = 1_000

export function createCredentialSource(
  provider: CredentialProvider,
  nowMs: () => number = () => Date.now(),
): CredentialSource {
  let kept: ProvidedCredentials | null = null
  let freshUntilMs = 0
  let renewing: Promise<CredentialsResult> | null = null
  let failed: { readonly result: CredentialsResult; readonly untilMs: number } | null = null

  async function ask(): Promise<CredentialsResult> {
    try {
      const provided = await provider()
      const endsMs = provided.expiration?.getTime()
      kept = provided
      failed = null
      // Credentials that end sooner than the margin are used as they are and asked for again soon.
      freshUntilMs = endsMs === undefined ? Infinity : Math.max(endsMs - renewAheadMs, nowMs() + 1_000)
      return { kind: 'ok', identity: provided }
    } catch (error) {
      if (kept !== null && (kept.expiration?.getTime() ?? Infinity) > nowMs()) {
        freshUntilMs = nowMs() + renewPauseMs
        return { kind: 'ok', identity: kept }
      }
      kept = null
      const message = error instanceof Error ? error.message : String(error)
      const result = { kind: 'error', message, unconfigured: isUnconfigured(error) } as const
      failed = { result, untilMs: nowMs() + failurePauseMs }
      return result
    } finally {
      renewing = null
    }
  }

  return {
    current: () => (kept !== null && nowMs() < freshUntilMs ? kept : null),
    renew: () => {
      if (failed !== null && nowMs() < failed.untilMs) return Promise.resolve(failed.result)
      return (renewing ??= ask())
    },
  }
}

/** The SDK's providers mark with `tryNextLink` that they found nothing set up, against something that is set up and fails. */
function isUnconfigured(error: unknown): boolean {
  return error instanceof Error && 'tryNextLink' in error && error.tryNextLink === true
}
