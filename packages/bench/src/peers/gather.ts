/** How long to gather, one question after the other. */
export interface GatherOrder {
  readonly milliseconds: number
  readonly responders: number
}

/** What came of it. */
export interface Gathered {
  readonly questions: number
  readonly answers: number
  readonly milliseconds: number
  readonly cpu: number
}

/** Asks one question after the other of all, and counts the answers. */
export async function gathering(
  { milliseconds }: GatherOrder,
  sendRequest: (id: number) => Promise<number>,
): Promise<Gathered> {
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
    questions: requests,
    answers: responses,
    milliseconds: performance.now() - began,
    cpu: user + system,
  }
}

/** How long a question waits for its answers. */
export const patience = 2_000
