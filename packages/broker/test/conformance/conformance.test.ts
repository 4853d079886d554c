import { describe, it } from 'vitest'
import { answerRows } from './rows/answers.js'
import { clientBoundRows } from './rows/client-bounds.js'
import { connackRows } from './rows/connack.js'
import { connectRows } from './rows/connect.js'
import { disconnectRows } from './rows/disconnect.js'
import { encodingRows } from './rows/encoding.js'
import { flowRows } from './rows/flow.js'
import { forwardingRows } from './rows/forwarding.js'
import { identityRows } from './rows/identity.js'
import { malformedRows } from './rows/malformed.js'
import { publishRows } from './rows/publish.js'
import { retainedRows } from './rows/retained.js'
import { sharedRows } from './rows/shared.js'
import { subscribeRows } from './rows/subscribe.js'
import { topicRows } from './rows/topics.js'
import { willRows } from './rows/will.js'
import { runRow } from './table.js'
import type { Row } from './table.js'

const sections: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ['CONNECT', connectRows],
  ['the will', willRows],
  ['bounds of the client', clientBoundRows],
  ['identity', identityRows],
  ['CONNACK', connackRows],
  ['PUBLISH taken', publishRows],
  ['PUBLISH passed on', forwardingRows],
  ['retained messages', retainedRows],
  ['QoS and order', flowRows],
  ['SUBSCRIBE and UNSUBSCRIBE', subscribeRows],
  ['topics', topicRows],
  ['shared subscriptions and choices', sharedRows],
  ['PING, DISCONNECT and AUTH', disconnectRows],
  ['what no packet can be', malformedRows],
  ['how packets are written', encodingRows],
  ['what answers say', answerRows],
]

/** The sections that say something of a version, with the rows that do. */
function sectionsOf(version: 4 | 5): readonly (readonly [title: string, rows: readonly Row[]])[] {
  return sections
    .map(
      ([title, rows]) => [title, rows.filter(({ versions = [5, 4] }) => versions.includes(version))] as const,
    )
    .filter(([, rows]) => rows.length > 0)
}

describe.each([5, 4] as const)('protocol version %s on a real socket', (version) => {
  describe.each(sectionsOf(version))('%s', (_, rows) => {
    for (const row of rows) {
      const norm = version === 4 ? (row.norm311 ?? row.norm) : row.norm
      it(`[${norm.startsWith('choice') ? '' : 'MQTT-'}${norm}] ${row.says}`, () => runRow(row, version))
    }
  })
})
