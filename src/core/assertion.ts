/** The impossible happened inside a machine. The shell stops that one flow without a checkpoint and starts it again. */
class FlowAssertion extends Error {
  override readonly name = 'FlowAssertion'
}

export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new FlowAssertion(what)
}
