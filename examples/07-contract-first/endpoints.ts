/** The contract: what a car can be requested to do. `contract.json` is its export. */
import { endpoint, json } from '@antiphon/core'
import * as t from 'io-ts'

const Door = t.keyof({ front: null, rear: null })

export const unlock = endpoint({
  topic: 'cars/{vin}/unlock',
  request: json(t.type({ doors: t.array(Door) })),
  response: json(t.type({ unlocked: t.array(Door), at: t.Int })),
})

export const positions = endpoint({
  topic: 'cars/{vin}/positions',
  request: json(t.type({ count: t.Int })),
  response: json(t.type({ latitude: t.number, longitude: t.number }, 'Position')),
  responses: 'many',
})
