import type { Target } from '../ports.ts'

/** Stands where a Lambda endpoint would: AWS's own is not meant where queues and streams live elsewhere. */
export const noLambda: Target = {
  invoke: ({ functionName }) => Promise.resolve({ kind: 'noLambda', message: notHere(functionName) }),
  describe: (functionName) => Promise.resolve({ kind: 'noLambda', message: notHere(functionName) }),
  allowsLoops: () => Promise.resolve(false),
  look: () => Promise.resolve('missing'),
}

function notHere(functionName: string): string {
  return `${functionName} is not among the functions of the config, and no Lambda endpoint is configured to ask for it.`
}
