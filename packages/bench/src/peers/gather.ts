/** How long to gather, one request after the other, from how many responders. */
export interface GatherOptions {
  readonly milliseconds: number
  readonly responders: number
}

/** The figures of gathering. */
export interface GatherResult {
  readonly requests: number
  readonly responses: number
  readonly milliseconds: number
  readonly cpu: number
}

/** Sends one request after the other to all responders, and counts the responses. */
export async function measureGather(
  { milliseconds }: GatherOptions,
  sendRequest: (id: number) => Promise<number>,
): Promise<GatherResult> {
  const before = process.cpuUsage()
  const began = performance.now()
  let requests = 0
  let responses = 0
  while (performance.now() - began < milliseconds) {
    responses += await sendRequest(requests)
    requests += 1
  }
  const { user, system } = process.cpuUsage(before)
  return {
    requests,
    responses,
    milliseconds: performance.now() - began,
    cpu: user + system,
  }
}

/** The timeout of a request in milliseconds. */
export const timeout = 2_000
