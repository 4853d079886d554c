import { describe, expect, it } from 'vitest'
import { rowsFrom } from '../src/scenarios/brokers.js'

const output = `
messages a second: medians of 5 interleaved rounds
                                     antiphon        aedes    mosquitto     to aedes to mosquitto
echo QoS 0, 1 in flight                10,000        8,000       20,000       1.25 ×       0.50 ×
fan-out 1 to 1 000, deliveries        500,000      100,000      900,000       5.00 ×       0.56 ×

99th percentile of the round trip, ms: medians of 5 interleaved rounds
                                     antiphon        aedes    mosquitto     to aedes to mosquitto
echo QoS 0, 1 in flight                  0.25         0.31         0.12       0.81 ×       2.08 ×

CPU time of the broker per message, µs: medians of 5 interleaved rounds
                                     antiphon        aedes    mosquitto     to aedes to mosquitto
echo QoS 0, 1 in flight                 40.1         50.2         20.3       0.80 ×       1.98 ×

at least as fast as aedes and half as fast as Mosquitto: in every row
other processes used 3 % of the machine; above 10 %, rows with 1 in flight are unreliable

resident bytes per connection or session, of 2000
                                     antiphon        aedes    mosquitto
idle connection                         4,200        9,100        1,300
`

describe('rowsFrom', () => {
  it('collects the figures of each row from all tables', () => {
    const rows = rowsFrom(output)
    expect(rows.map(({ title }) => title)).toEqual([
      'echo QoS 0, 1 in flight',
      'fan-out 1 to 1 000, deliveries',
      'idle connection',
    ])
    expect(rows[0]?.outcomes).toEqual([
      { contestant: 'Antiphon', samples: [{ rate: 10_000, p99: 0.25, broker: 40.1 }] },
      { contestant: 'aedes', samples: [{ rate: 8_000, p99: 0.31, broker: 50.2 }] },
      { contestant: 'mosquitto', samples: [{ rate: 20_000, p99: 0.12, broker: 20.3 }] },
    ])
    expect(rows[2]?.outcomes[2]).toEqual({ contestant: 'mosquitto', samples: [{ bytes: 1_300 }] })
  })
})
