import { describe, it } from 'vitest'
import { reasonCodeCases } from './cases/reason-codes.js'
import { clientLimitCases } from './cases/client-limits.js'
import { connackCases } from './cases/connack.js'
import { connectCases } from './cases/connect.js'
import { disconnectCases } from './cases/disconnect.js'
import { encodingCases } from './cases/encoding.js'
import { flowCases } from './cases/flow.js'
import { forwardingCases } from './cases/forwarding.js'
import { identityCases } from './cases/identity.js'
import { malformedCases } from './cases/malformed.js'
import { publishCases } from './cases/publish.js'
import { retainedCases } from './cases/retained.js'
import { sharedCases } from './cases/shared.js'
import { subscribeCases } from './cases/subscribe.js'
import { topicCases } from './cases/topics.js'
import { willCases } from './cases/will.js'
import { runNormCase } from './norm-case.js'
import type { NormCase } from './norm-case.js'

const sections: readonly (readonly [title: string, cases: readonly NormCase[]])[] = [
  ['CONNECT', connectCases],
  ['wills', willCases],
  ['limits of the client', clientLimitCases],
  ['client identifiers and authentication', identityCases],
  ['CONNACK', connackCases],
  ['inbound PUBLISH', publishCases],
  ['forwarded PUBLISH', forwardingCases],
  ['retained messages', retainedCases],
  ['QoS flows and message order', flowCases],
  ['SUBSCRIBE and UNSUBSCRIBE', subscribeCases],
  ['topic names and filters', topicCases],
  ['shared subscriptions and choices of the broker', sharedCases],
  ['PING, DISCONNECT and AUTH', disconnectCases],
  ['malformed packets', malformedCases],
  ['encoding of packets', encodingCases],
  ['reason codes, sessions and authentication', reasonCodeCases],
]

/** Returns the sections that have cases for a version, with these cases. */
function sectionsOf(version: 4 | 5): readonly (readonly [title: string, cases: readonly NormCase[]])[] {
  return sections
    .map(
      ([title, cases]) =>
        [title, cases.filter(({ versions = [5, 4] }) => versions.includes(version))] as const,
    )
    .filter(([, cases]) => cases.length > 0)
}

describe.each([5, 4] as const)('broker with protocol version %s over TCP', (version) => {
  describe.each(sectionsOf(version))('%s', (_, cases) => {
    for (const normCase of cases) {
      const norm = version === 4 ? (normCase.norm311 ?? normCase.norm) : normCase.norm
      it(`[${norm.startsWith('choice') ? '' : 'MQTT-'}${norm}] ${normCase.title}`, () =>
        runNormCase(normCase, version))
    }
  })
})
