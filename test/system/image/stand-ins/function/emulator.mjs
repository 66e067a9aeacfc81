// Answers as the Runtime Interface Emulator does: an error of the handler is status 200 with the error as its body and no
// header that says so, a timeout is 200 with a sentence, and there is one invocation at a time.
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { randomUUID } from 'node:crypto'

const root = process.env.LAMBDA_TASK_ROOT ?? '/var/task'
const timeoutMs = 1000 * Number(process.env.AWS_LAMBDA_FUNCTION_TIMEOUT ?? 300)
const [file, name] = (process.argv[2] ?? 'index.handler').split(/\.(?=[^.]+$)/)
const path = ['.mjs', '.js', '.cjs'].map((suffix) => resolve(root, file + suffix)).find((one) => existsSync(one))
const module_ = await import(pathToFileURL(path ?? resolve(root, `${file}.js`)).href)
const handler = module_[name] ?? module_.default?.[name]

let busy = false

async function invoke(text) {
  const requestId = randomUUID()
  console.log(`START RequestId: ${requestId} Version: $LATEST`)
  const context = {
    awsRequestId: requestId,
    functionName: 'test_function',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:012345678912:function:test_function',
    getRemainingTimeInMillis: () => timeoutMs,
  }
  let timer
  const timeout = new Promise((done) => {
    timer = setTimeout(() => done(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`), timeoutMs)
  })
  try {
    const answer = (async () => JSON.stringify((await handler(JSON.parse(text), context)) ?? null))()
    return await Promise.race([answer, timeout])
  } catch (error) {
    console.log(String(error?.stack ?? error))
    const stackTrace = String(error?.stack ?? '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
    return JSON.stringify({
      errorType: error?.name ?? 'Error',
      errorMessage: error?.message ?? String(error),
      stackTrace,
    })
  } finally {
    clearTimeout(timer)
    console.log(`END RequestId: ${requestId}`)
  }
}

async function serve(request, response) {
  if (request.method !== 'POST' || request.url !== '/2015-03-31/functions/function/invocations') {
    response.writeHead(404).end('404 page not found\n')
    return
  }
  const text = Buffer.concat(await request.toArray()).toString()
  if (busy) {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('AlreadyReserved')
    return
  }
  busy = true
  const body = await invoke(text)
  busy = false
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(body)
}

createServer((request, response) => void serve(request, response)).listen(8080)
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
