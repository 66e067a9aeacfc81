/** Why a request is turned away at the gate. The code stays the same from version to version, the words may not. */
export interface Refusal {
  readonly status: number
  /** The name of the exception, for AWS clients. */
  readonly type: string
  readonly code: RefusalCode
  /** What is wrong, and what to set. */
  readonly message: string
}

export type RefusalCode =
  | 'MILLRACE_REQUEST_TARGET'
  | 'MILLRACE_HOST_NOT_ALLOWED'
  | 'MILLRACE_FOREIGN_ORIGIN'
  | 'MILLRACE_AUTH_REQUIRED'
  | 'MILLRACE_AUTH_REFUSED'
  | 'MILLRACE_PASS_THROUGH_OFF'
  | 'MILLRACE_PASS_THROUGH_READ_ONLY'
  | 'MILLRACE_PASS_THROUGH_NEEDS_AUTH'
  | 'MILLRACE_BUSY'

/** What AWS answers to those who may not. */
export function denied(code: RefusalCode, message: string): Refusal {
  return { status: 403, type: 'AccessDeniedException', code, message }
}
