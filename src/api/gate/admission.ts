/** How much of the process the API may take: requests at once, and bytes of bodies held for them. */
export interface Admission {
  /** Null: as many as may be are in. Otherwise called when the request is over. */
  enter(): (() => void) | null
  /** False: the bodies that are held leave no room for as many more. */
  hold(bytes: number): boolean
  release(bytes: number): void
}

export interface AdmissionLimits {
  readonly requestsMax: number
  readonly heldBytesMax: number
}

/** Lambda's largest request, a CreateFunction with its code, has 70,167,211 bytes: one fits, whatever else is small. */
export const admissionLimits: AdmissionLimits = { requestsMax: 1_000, heldBytesMax: 96 * 1_048_576 }

/** What the process may hold in memory: bodies borrow of it. */
export interface BodyMemory {
  lend(bytes: number): () => void
}

export function createAdmission({ heldBytesMax, requestsMax }: AdmissionLimits, memory?: BodyMemory): Admission {
  let requests = 0
  let heldBytes = 0
  let giveBack = (): void => {}
  const charge = (bytes: number): void => {
    heldBytes = bytes
    giveBack()
    giveBack = memory?.lend(bytes) ?? ((): void => {})
  }
  return {
    enter() {
      if (requests >= requestsMax) return null
      requests += 1
      return () => {
        requests -= 1
      }
    },
    hold(bytes) {
      if (heldBytes + bytes > heldBytesMax) return false
      charge(heldBytes + bytes)
      return true
    },
    release(bytes) {
      if (bytes > 0) charge(heldBytes - bytes)
    },
  }
}
