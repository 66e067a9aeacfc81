/** Why a read brought nothing; the port's word and the core's. */
export type ReadTrouble =
  | { readonly kind: 'throttled'; readonly message: string; readonly retryAfterMs?: number | undefined }
  /** The iterator ran out; the same place can be read again. */
  | { readonly kind: 'expired'; readonly message: string }
  /** The place is older than what the source keeps. */
  | { readonly kind: 'trimmed'; readonly message: string }
  /** The stream lives its next life: positions of the last one mean nothing. */
  | { readonly kind: 'recreated'; readonly incarnation: string; readonly message: string }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
