/** Limits of the services. Each names where AWS writes it down. */

/** Request payload of a synchronous invocation: 6 MB (Lambda quotas). */
export const invokePayloadBytesMax = 6 * 1_048_576
/** Response payload of a synchronous invocation: the quota and the 100 bytes on top of it that AWS was seen to grant (behaviour §8). */
export const invokeReplyBytesMax = invokePayloadBytesMax + 100
/** Request payload of an asynchronous invocation: 1 MB (Lambda quotas). */
export const eventPayloadBytesMax = 1_048_576
/** What surrounds the records in an event: `{"Records":[]}`, and the members of a tumbling window beside the state. */
export const envelopeBytes = 14
export const windowEnvelopeBytes = 1_024
/** State of a tumbling window: 1 MB (Using Lambda to process records, windows). */
export const windowStateBytesMax = 1_048_576
/** SQS holds a receipt at most this long (SQS quotas). */
export const visibilityMsMax = 43_200_000
/** Entries of one DeleteMessageBatch (SQS quotas). */
export const deleteEntriesMax = 10
/** The longest a function runs (Lambda quotas): the bound of an attempt whose function's timeout is unknown. */
export const functionTimeoutMsMax = 900_000

/** The largest request that Lambda takes, a CreateFunction with its code (API_CreateFunction). */
export const lambdaRequestBytesMax = 70_167_211
