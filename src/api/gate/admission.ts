import type { LendingMemory } from '../../model/memory.ts'

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

export function createAdmission({ heldBytesMax, requestsMax }: AdmissionLimits, memory?: LendingMemory): Admission {
  let requests = 0
  let heldBytes = 0
  const loan = memory?.borrow()
  const change = (byBytes: number): void => {
    heldBytes += byBytes
    loan?.charge(heldBytes)
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
      change(bytes)
      return true
    },
    release(bytes) {
      change(-bytes)
    },
  }
}
