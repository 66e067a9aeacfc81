// A function that says when it begins and when it ends, and takes as long as a message asks for.
import { setTimeout as sleep } from 'node:timers/promises'

export async function handler(event) {
  const bodies = event.Records.map((record) => record.body)
  console.log('began', ...bodies)
  const [, ms] = /^slow (\d+)$/.exec(bodies[0]) ?? []
  if (ms !== undefined) await sleep(Number(ms))
  console.log('ended', ...bodies)
}
