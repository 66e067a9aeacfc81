/** The exceptions of the Lambda control plane, with the status AWS gives each. */
export const apiErrorStatus = {
  InvalidParameterValueException: 400,
  ValidationException: 400,
  SerializationException: 400,
  ResourceInUseException: 400,
  ResourceNotFoundException: 404,
  ResourceConflictException: 409,
  RequestTooLargeException: 413,
  TooManyRequestsException: 429,
  ServiceException: 500,
} as const

export type ApiErrorType = keyof typeof apiErrorStatus

/** A refusal in AWS's words; the REST layer turns it into a response, the config reader into a line of the file. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly type: ApiErrorType

  /** AWS has none; where this is set it stays the same from version to version. */
  readonly code: string | undefined

  constructor(type: ApiErrorType, message: string, code?: string) {
    super(message)
    this.type = type
    this.code = code
  }

  get status(): number {
    return apiErrorStatus[this.type]
  }
}
