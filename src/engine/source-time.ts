import type { FlowContext } from './flow-context.ts'

/** What the source's own clock says now: ages and places in its streams are measured by it. */
export function sourceNowMs({ services, source }: Pick<FlowContext, 'services' | 'source'>): number {
  return services.clock.wallMs() + source.clockOffsetMs()
}
