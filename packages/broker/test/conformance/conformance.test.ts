import { describe, it } from 'vitest'
import { connackRows } from './rows/connack.js'
import { connectRows } from './rows/connect.js'
import { forwardingRows } from './rows/forwarding.js'
import { publishRows } from './rows/publish.js'
import { subscribeRows } from './rows/subscribe.js'
import { topicRows } from './rows/topics.js'
import { runRow } from './table.js'
import type { Row } from './table.js'

const sections: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ['CONNECT', connectRows],
  ['names and CONNACK', connackRows],
  ['PUBLISH taken', publishRows],
  ['PUBLISH passed on', forwardingRows],
  ['SUBSCRIBE and UNSUBSCRIBE', subscribeRows],
  ['topics', topicRows],
]

describe.each([5, 4] as const)('protocol version %s on a real socket', (version) => {
  describe.each(sections)('%s', (_, rows) => {
    for (const row of rows) {
      if (!(row.versions ?? [5, 4]).includes(version)) continue
      const norm = version === 4 ? (row.norm311 ?? row.norm) : row.norm
      it(`[MQTT-${norm}] ${row.says}`, () => runRow(row, version))
    }
  })
})
