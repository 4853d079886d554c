import type { Facts, Outcome, Result, RowResult, Sample } from '../src/result.js'

/** Returns an outcome with one sample per round. */
export function outcome(contestant: string, ...samples: readonly Sample[]): Outcome {
  return { contestant, samples }
}

/** Returns a row of single requests over Mosquitto. */
export function unaryRow(facts: Facts, ...outcomes: readonly Outcome[]): RowResult {
  const all = { kind: 'unary', broker: 'mosquitto', qos: 1, inFlight: 64, bytes: 32, form: 'plain', ...facts }
  return { title: `QoS ${all.qos}, ${all.inFlight} in flight`, facts: all, outcomes }
}

/** Returns a result with these rows in one section. */
export function resultOf(...rows: readonly RowResult[]): Result {
  return {
    mode: 'full',
    startedAt: '2026-01-02T03:04:05.000Z',
    seconds: 90,
    rounds: 3,
    machine: {
      processor: 'a <chip>',
      cores: 2,
      memory: '4 GiB',
      system: 'Linux',
      node: '20',
      mosquitto: '2',
    },
    contestants: [{ name: 'Antiphon', about: 'this', version: 'now' }],
    sections: [{ title: 'Single requests', about: 'requests & responses', rows }],
  }
}
