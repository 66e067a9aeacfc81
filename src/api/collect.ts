import type { Readable } from 'node:stream'

/** All of a stream, as long as it is no longer than this. */
export async function collect(stream: Readable, bytesMax: number, tooLarge: () => Error): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const part = Buffer.from(chunk as Uint8Array)
    bytes += part.length
    if (bytes > bytesMax) throw tooLarge()
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}
